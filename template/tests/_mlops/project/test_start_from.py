# The template's. What it writes is yours, and so are the tests that it writes.
"""Does a table take the place of the example whole, or not at all?"""

import csv
import importlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from ..fixtures import Killed, Repo, fresh_repo
from ..package import (
    NAME,
    building,
    files,
    paths,
    profile,
    rare,
    replacing,
    source,
    tables,
    writing,
)

pytestmark = pytest.mark.command

ROWS = 300


def write(folder: Path, **columns: Any) -> Path:
    """Write a table with a signal, and columns of the caller's."""
    signal = np.random.default_rng(0).normal(size=ROWS)
    rows = pd.DataFrame({"signal": signal, "bought": np.where(signal > 0.2, "yes", "no")})
    path = folder / "people.csv"
    rows.assign(**columns).to_csv(path, index=False)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a table of the test's own."""
    return partial(write, tmp_path)


def proposed(path: Path) -> writing.Proposal:
    """Return what is proposed for a table."""
    found = source.read(path)
    return building.propose(found, profile.profile(found, "bought"))[0]


def own_files(repo: Repo) -> dict[str, bytes]:
    """Return what the repo holds."""
    made = ("__pycache__", ".lock", ".evidence", "data-lock")
    return {
        str(path.relative_to(repo.folder)): path.read_bytes()
        for path in repo.folder.rglob("*")
        if path.is_file() and not set(made) & set(path.parts)
    }


@pytest.mark.slow
def test_the_files_are_written_and_the_old_batch_waits_aside(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    people = {
        "phone": 4_915_100_000_000 + np.arange(ROWS),
        "phone_service": np.arange(ROWS) % 2,
        "born": "1980-05-17",
        "fax": None,
    }
    own = [repo.folder / name for name in ("reports/figures/a.svg", "data/raw/.gitkeep")]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    repo.must("start-from", table(**people), "--target", "bought", "--yes", "--force")
    assert all(path.exists() for path in own)
    sample = pd.read_parquet(repo.folder / paths.SAMPLE)
    raw = pd.concat(map(pd.read_parquet, tables.batches(repo.folder / paths.RAW)))
    later = pd.concat(map(pd.read_parquet, tables.batches(repo.folder / paths.INCOMING)))

    assert len(raw) + len(later) == ROWS
    assert raw["phone"].min() > 4_915_000_000_000
    assert sample["phone"].max() <= ROWS, "a person's number stands in git"
    assert "fax" not in raw
    assert list(repo.folder.glob(f"{replacing.ASIDE}/1/data/raw/*.parquet"))
    assert repo.read(replacing.RECORD)["origin"] == "people.csv"
    assert "Start from people.csv" in repo.git("log", "--format=%s")
    assert repo.git("status", "--porcelain") == ""
    assert "xfail" not in (repo.folder / "tests/test_model.py").read_text(encoding="utf-8")
    assert '"phone_service"' in (repo.folder / "src" / NAME / "features.py").read_text(
        encoding="utf-8"
    )
    contract = (repo.folder / paths.CONTRACT).read_text(encoding="utf-8")
    assert "\n\npersonal_data:\n" in contract
    assert "  allow: [phone_service]\n" in contract
    assert "slices:\n" in contract, "a comment stands twice"
    assert "\n\n\n" not in contract


README = """\
purpose: "Says before departure how late a flight will arrive"
It is made for: Passenger information desk.
"""


def test_nothing_that_is_said_of_the_example_or_of_another_table_is_left(
    table: Callable[..., Path],
) -> None:
    proposal, page = proposed(table()), README
    for name in ("a.csv", 'the "b".csv'):
        origin = replace(proposal.source, origin=name)
        page = writing.prose(page, replace(proposal, source=origin))

    assert page == (
        'purpose: "Predicts bought of a row of the _b_.csv"\n'
        "It is made for: YOURS: who uses what is predicted.\n"
    )


def test_of_the_reports_only_those_of_commands_are_moved() -> None:
    glue = Path(paths.__file__).parent.rglob("*.py")
    named = re.findall(
        r"""REPORTS / "([\w-]+)\.|["\s]reports/([\w-]+)\.""",
        "\n".join(path.read_text(encoding="utf-8") for path in glue),
    )

    assert {"metrics", "index", "slices"} <= {one or other for one, other in named}
    assert {one or other for one, other in named} <= set(replacing.REPORTS)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, list[object]]:
    """Return a repo in which a second start was killed, and what was asked of it; read only."""
    folder = tmp_path_factory.mktemp("killed")
    repo = fresh_repo(folder / "work")
    asked = ["start-from", write(folder), "--target", "bought", "--yes"]
    repo.must(*asked, "--force")
    write(folder, other=np.arange(ROWS) % 7)

    def whole_file(path: Path) -> Any:
        if path == paths.CONTRACT:
            raise Killed
        return files.whole_file(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replacing, "whole_file", whole_file)
        with pytest.raises(Killed):
            repo.run(*asked)
    return repo, asked


@pytest.mark.slow
@pytest.mark.parametrize("drop", ["", "other"], ids=["same", "otherwise"])
def test_one_that_was_killed_while_it_wrote_is_begun_again_without_force(
    killed: tuple[Repo, list[object]], tmp_path: Path, drop: str
) -> None:
    """Half of the files are of the run that was killed, half of the one before; none a person's."""
    made, asked = killed
    repo = made.copy(tmp_path / "own")
    repo.must(*asked, *(["--drop", drop] if drop else []))
    contract = (repo.folder / paths.CONTRACT).read_text(encoding="utf-8")
    params = (repo.folder / paths.PARAMS).read_text(encoding="utf-8")

    assert repo.git("status", "--porcelain") == ""
    assert contract.count("Measured by start-from") == 1
    assert params.count("# Of the model in model.py") == 1


@pytest.mark.slow
def test_where_the_columns_say_nothing_the_test_written_expects_no_more(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    random = np.random.default_rng(1)
    noise = {f"noise_{number}": random.normal(size=ROWS) for number in range(12)}
    path = table(**noise, bought=random.permutation(["yes", "no"] * (ROWS // 2)))
    done = repo.must("start-from", path, "--target", "bought", "--yes", "--force")

    assert "the model is no better than 'majority'" in done.err
    assert "@pytest.mark.xfail" in (repo.folder / "tests/test_model.py").read_text(encoding="utf-8")


def test_labels_that_only_later_rows_have_are_refused_and_nothing_is_written(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    before = own_files(repo)
    day = pd.date_range("2024-01-01", periods=ROWS, freq="D")
    label = np.where(np.arange(ROWS) < 200, "a", np.where(np.arange(ROWS) % 2, "a", "b"))
    path = table(day=day, bought=label)
    done = repo.run("start-from", path, "--target", "bought", "--yes", "--force")

    assert done.code == 1
    assert "with labels that the training part lacks: ['b']" in done.err
    assert "--time none" in done.err
    assert own_files(repo) == before


def test_where_no_column_is_left_the_table_is_shown_and_nothing_written(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    before = own_files(repo)
    asked = ("--target", "bought", "--drop", "signal", "--yes", "--force")
    done = repo.run("start-from", table(order_id=range(ROWS)), *asked)

    assert done.code == 2
    assert "no column is left to learn bought from" in done.err
    assert "order_id" in done.out
    assert own_files(repo) == before


def test_long_texts_may_be_asked_for(table: Callable[..., Path]) -> None:
    reviews = [" ".join(["good"] * (5 + number)) for number in range(ROWS)]
    proposal = proposed(table(review=reviews, plan=["basic", "plus"] * (ROWS // 2)))
    schema = writing.render(proposal, writing.untried(proposal, "tree"))[writing.CODE / "schema.py"]

    assert "letters=3100" in schema, "twice the 1,519 of the longest"
    assert schema.count("letters=") == 1


@pytest.mark.parametrize(("apart", "threshold"), [(0.1, 0.15), (0.4, 0.5)])
def test_predictions_may_move_as_far_as_between_known_batches(
    table: Callable[..., Path], apart: float, threshold: float
) -> None:
    proposal = proposed(table())
    one = replace(writing.untried(proposal, "tree"), apart=apart)
    text = paths.PARAMS.read_text(encoding="utf-8")
    text = re.sub(r"(?<=prediction: ){.*", "{method: wasserstein, threshold: 0.15}", text)
    text = writing.params(text, proposal, one)

    assert YAML(typ="safe").load(text)["drift"]["prediction"]["threshold"] == threshold
    assert ("known batches are up to 0.40 from the others" in text) == (threshold == 0.5)


@pytest.mark.parametrize(("batch", "threshold"), [(2000, 0.2), (80, 0.4)])
def test_columns_may_be_as_far_apart_as_few_rows_are_by_chance(
    table: Callable[..., Path], batch: int, threshold: float
) -> None:
    proposal = replace(proposed(table()), batch=batch)
    text = paths.PARAMS.read_text(encoding="utf-8")
    for kind, method in (("number", "wasserstein"), ("text", "jensenshannon")):
        text = re.sub(f"(?m)^  {kind}: .*", f"  {kind}: {{method: {method}, threshold: 0.2}}", text)
    text = writing.params(text, proposal, writing.untried(proposal, "tree"))
    drift = YAML(typ="safe").load(text)["drift"]

    assert [drift[kind]["threshold"] for kind in ("number", "text")] == [threshold] * 2
    assert ("as far as 40 rows are by chance" in text) == (batch == 80)


def test_what_was_loosened_for_few_rows_is_not_kept_for_many(table: Callable[..., Path]) -> None:
    proposal, text = proposed(table()), paths.PARAMS.read_text(encoding="utf-8")
    rules = {"number": ("wasserstein", 0.2), "text": ("jensenshannon", 0.2)}
    rules["prediction"] = ("wasserstein", 0.15)
    for kind, (method, threshold) in rules.items():
        rule = f"  {kind}: {{method: {method}, threshold: {threshold}}}"
        text = re.sub(f"(?m)^  {kind}: .*", rule, text)
    found = []
    for batch, apart in ((40, 0.4), (80, 0.1), (2000, 0.1)):
        trial = replace(writing.untried(proposal, "tree"), apart=apart)
        text = writing.params(text, replace(proposal, batch=batch), trial)
        drift = YAML(typ="safe").load(text)["drift"]
        found.append([drift[kind]["threshold"] for kind in rules])

    assert found == [[0.56, 0.56, 0.5], [0.4, 0.4, 0.15], [0.2, 0.2, 0.15]]
    assert "by chance" not in text
    assert "known batches" not in text


def test_the_schema_says_which_labels_have_too_few_rows_to_be_learned(
    table: Callable[..., Path],
) -> None:
    answers = np.resize(["yes", "no", "no"], ROWS).astype("object")
    answers[:9] = [*["?"] * 4, *["maybe"] * 5]
    found = rare.without_rare(source.read(table(bought=answers)), "bought")
    proposal = building.propose(found, profile.profile(found, "bought"))[0]

    assert len(proposal.source.rows) == ROWS - 5
    assert writing.missing_target(proposal) == "bought is not known, or is 'maybe'"


@pytest.mark.parametrize(("off", "bar"), [(0.1, None), (0.6, 0.75)])
def test_the_gate_lets_pass_how_far_the_first_model_is_off(
    table: Callable[..., Path], off: float, bar: float | None
) -> None:
    proposal = proposed(table())
    one = replace(writing.untried(proposal, "tree"), off=off)
    text = writing.contract(paths.CONTRACT.read_text(encoding="utf-8"), proposal, one)

    assert YAML(typ="safe").load(text)["quality"].get("calibration") == bar
    assert ("calibration: there it is off by up to 0.6." in text) == (bar is not None)


@pytest.mark.parametrize("time", ["none", "day"])
def test_a_group_is_a_feature_only_where_its_rows_come_again(
    table: Callable[..., Path], time: str
) -> None:
    day = pd.date_range("2024-01-01", periods=ROWS, freq="D")
    found = source.read(table(day=day, shop=np.arange(ROWS) // 10, user_id=np.arange(ROWS) % 97))
    proposal, _ = building.propose(found, profile.profile(found, "bought", time=time, group="shop"))
    texts = writing.render(proposal, writing.untried(proposal, "tree"))
    schema, features = (texts[writing.CODE / f"{name}.py"] for name in ("schema", "features"))

    assert ('"shop"' in features) == (time == "day")
    assert ('GROUP = "shop"' in schema) == (time == "none")
    text = "The hold-out is the latest part in time, never trained on;"
    drawn = "the latest part in time" if time == "day" else "a part drawn by a hash of shop"
    assert writing.card(text, proposal) == text.replace("the latest part in time", drawn)
    names = [line.split(",")[0] for line in schema.splitlines() if "names=True" in line]
    assert len(names) == (1 if time == "day" else 2)
    assert '"user_id"' in names[-1]


@pytest.mark.parametrize("name", ['a"""b', "two\nlines", "back\\slash", "très long " * 20])
def test_a_name_that_would_end_a_comment_is_written_harmlessly(name: str) -> None:
    raw = source.Raw(pd.DataFrame({"x": [1, 2]}))
    origin = source.typed(raw, name).origin

    assert len(origin) <= source.LONGEST_NAME
    assert not set('"\\\n') & set(origin)
    compile(f'"""{origin}"""\n# {origin}\n', "schema.py", "exec")


def trial(metric: float, simple: float) -> dict[str, Any]:
    """Return what was measured of a family."""
    baselines = {"majority": 0.7, "linear": simple}
    return {"metric": metric, "interval": [0, 1], "baselines": baselines, "slices": []}


def test_the_model_written_is_one_that_the_gate_lets_pass() -> None:
    beaten, passing = trial(0.5, 0.4), trial(0.4, 0.5)

    assert writing.best({"forest": beaten, "tree": passing}).family == "tree"
    assert writing.best({"forest": beaten, "linear": beaten}).family == "forest"


def ugly(number: int) -> dict[str, Any]:
    """Return values of a row, each written in a way of its own."""
    return {
        "class": ("Y", "N", "")[number % 3],
        "a.b": ("-", "NA", "5", "7.5", "-999")[number % 5],
        "colour": ("-", " red", "blue ", "None")[number % 4],
        "a": f"{1 + number % 9}.234,50 €",
        "a again": ("12%", "3.5 %")[number % 2],
        "cash": ("EUR 5", "EUR 7.5")[number % 2],
        "mass": f"{1 + number % 40} me",
        "length": f"{1 + number % 40},5 m",
        "booked": f"2024{1 + number % 12:02}{1 + number % 28:02}",
        "paid": ("1e400", "2.5")[number % 7 > 0],
        "week": f"2024-W{1 + number % 52:02}",
        "created_at": str(1_700_000_000 + number * 86_400),
        "sent": f"{1 + number % 12:02}/28/2024 {1 + number % 12}:30 PM",
        "seen": ("2024-01-01", "2024-01-02 10:00")[number % 2],
        "zoned": f"2024-03-{1 + number % 28:02}T10:00:00+02:00",
        "empty": "",
        "owed": (f"(1,{number % 900 + 100}.50)", "2.50", "\u22127")[number % 3],
        "lasted": f"{number % 30}:{number % 60:02}:07",
        "ran": (f"{1 + number % 3}h {number % 60}m", "2h", "45 min")[number % 3],
        "asked": ("write to ann@example.com soon", "nothing was", "is it in?")[number % 3],
        "bought": ("yes", "YES", "no")[number % 3],
    }


UGLY = pd.DataFrame([ugly(number) for number in range(ROWS)]).rename(columns={"a again": "a"})
RETURNS = UGLY.to_csv(index=False).replace("blue ", "bl\rue")
BLANK = UGLY.to_csv(index=False, sep=";").replace("\n", f"\n{';' * (UGLY.shape[1] - 1)}\n", 9)
UNITS = ",".join("kg" if name == "created_at" else "" for name in UGLY)
MEASURED = UGLY.to_csv(index=False).replace("\n", f"\n{UNITS}\n", 1)
LINES = UGLY.to_csv(index=False).splitlines()
WIDTH = UGLY.shape[1]
KINDS = [LINES[0], ",".join(["d"] * WIDTH), f"{',' * (WIDTH - 1)}class", *LINES[1:]]
NOTED = [
    *LINES[:9],
    "# first part",
    LINES[0],
    *LINES[9:],
    f"Total{',' * (WIDTH - 1)}",
    "",
    "Source: us",
]
SUMMED = [
    *LINES,
    "".join(f"{UGLY[name].astype(int).sum() if name == 'created_at' else ''}," for name in UGLY)[
        :-1
    ],
]
TYPED = UGLY.rename_axis("Order No.").set_axis([*map(str, range(20)), "bought"], axis="columns")
TYPED["8"] = TYPED["8"].astype("int64")  # booked


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("comma", lambda path: UGLY.to_csv(path, index=False)),
        ("bars", lambda path: UGLY.to_csv(path, index=False, sep="|", encoding="utf-16")),
        (
            "trailing",
            lambda path: path.write_text(
                "Report\n\n" + UGLY.to_csv(index=False, sep=";").replace("\n", ";\n")
            ),
        ),
        (
            "spaces",
            lambda path: path.write_text(
                UGLY.to_csv(index=False, sep=" ", quoting=csv.QUOTE_ALL).replace('" "', '" \t  "')
            ),
        ),
        ("returns", lambda path: path.write_text(RETURNS, newline="\n")),
        ("blank", lambda path: path.write_text(BLANK, encoding="utf-8")),
        ("units", lambda path: path.write_text(MEASURED, encoding="utf-8")),
        ("kinds", lambda path: path.write_text("\n".join(KINDS), encoding="utf-8")),
        ("notes", lambda path: path.write_text("\n".join(NOTED), encoding="utf-8")),
        ("total", lambda path: path.write_text("\n".join([*SUMMED, ""]), encoding="utf-8")),
        ("typed", lambda path: TYPED.set_index(TYPED.index.astype("str")).to_parquet(path)),
    ],
)
def test_a_later_file_of_the_same_origin_is_read_as_the_first_one_was(
    name: str, write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ("table.parquet" if name == "typed" else "table.csv")
    write(path)
    found = source.read(path)
    proposal, cut = building.propose(found, profile.profile(found, "bought"))
    texts = writing.render(proposal, writing.untried(proposal, "tree"))
    package = tmp_path / f"later_{name}"
    package.mkdir()
    for file in ("schema", "data"):
        text = texts[writing.CODE / f"{file}.py"].replace("from ._mlops", f"from {NAME}._mlops")
        (package / f"{file}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    later = importlib.import_module(f"later_{name}.data")
    columns = later.schema.COLUMNS
    got = tables.conform(later.read_batch(path), columns)
    first = writing.with_key(
        proposal, pd.concat([*cut.raw, *cut.incoming], ignore_index=True), path.stem
    )

    if name == "comma":  # a batch as this repo writes it is read too
        again = cut.raw[0][[one.name for one in columns if one.name in cut.raw[0]]]
        again.to_csv(tmp_path / "again.csv", index=False)
        read = later.read_batch(tmp_path / "again.csv")
        for column in [one for one in columns if one.name in again]:
            typed = [tables.conform(rows[[column.name]], [column]) for rows in (read, again)]
            pd.testing.assert_frame_equal(*typed)
    if name == "notes":  # where columns stand otherwise, no row is lost, and no word
        (tmp_path / "one.csv").write_text("a\nx\ny\n", encoding="utf-8")
        assert len(later.read_batch(tmp_path / "one.csv")) == 2
        (tmp_path / "word.csv").write_text("cash,bought\nsoon,yes\n", encoding="utf-8")
        assert later.read_batch(tmp_path / "word.csv")["cash"].tolist() == ["soon"]  # to be named
    few = tmp_path / "few.parquet"  # without columns that the first one had, it is still read
    pd.DataFrame({"colour": ["red"]}).to_parquet(few, index=False)
    assert later.read_batch(few)["colour"].tolist() == ["red"]
    assert len(columns) > 10
    for column in columns:
        if column.name != writing.NUMBERED:
            pd.testing.assert_series_equal(
                got[column.name].sort_values(ignore_index=True),
                first[column.name].sort_values(ignore_index=True),
            )
