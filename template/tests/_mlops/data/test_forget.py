# The template's. What names a row of yours is in schema.py.
"""A subject who is to be forgotten is in no byte of the repo, and trace says why data changed."""

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..broken import UNREAD
from ..fixtures import Done, Repo, killing
from ..package import files, paths, programs, removals, schema, sharing, stored_rows, tables

VALUE = "planted-4711-value"
TEXTS = [one.name for one in schema.COLUMNS if one.kind == "text" and one.name in UNREAD]
TEXT = ([name for name in TEXTS if name not in schema.KEY] or [""])[0]
NO_KEY = next(one.name for one in schema.COLUMNS if one.name not in schema.KEY)
ROW = 3
REASON = ("--reason", "ticket 17")


def holding(folder: Path) -> set[str]:
    """Return the files that hold the planted value, as bytes or in a table."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and VALUE.encode() in unpacked(path):
            found.add(str(path.relative_to(folder)))
    return found


def unpacked(path: Path) -> bytes:
    """Return the bytes of a file, and those of the table in it."""
    content = path.read_bytes()
    if content[:4] == b"PAR1":
        content += pd.read_parquet(path).to_csv().encode()
    return content


def key_of(rows: pd.DataFrame, row: int) -> list[str]:
    """Return what one types to name a row."""
    return [
        f"{name}={value}" for name, value in tables.as_records(rows[list(schema.KEY)])[row].items()
    ]


@pytest.fixture(scope="session")
def planted(
    repo: Repo, sample: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repo, list[str]]:
    """Return a repo in which one row's value is in every place, and what names it; read only."""
    folder = tmp_path_factory.mktemp("planted") / "repo"
    made = repo.copy(folder)
    rows = sample.copy()
    if TEXT:
        rows.loc[rows.index[ROW], TEXT] = VALUE
    rows.to_parquet(folder / paths.RAW / paths.SAMPLE.name)
    rows.to_parquet(folder / paths.SAMPLE)
    (folder / paths.INCOMING).mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / paths.INCOMING / "later.csv", index=False)
    rows.assign(prediction=1).to_csv(folder / "answers.csv", index=False)
    shown = json.dumps({"first": VALUE if TEXT else ""})
    (folder / paths.REPORTS / "extra.json").write_text(shown, "utf-8")
    made.must("featurize")
    with chdir(folder):
        sharing.share(paths.RAW)
        programs.dvc("commit", "--force", "--quiet", "featurize")
        programs.dvc("push", "--quiet", str(paths.DATA_POINTER))
        programs.commit("Plant a row", [str(paths.DATA_POINTER)])
    return made, key_of(rows, ROW)


@pytest.fixture
def own(planted: tuple[Repo, list[str]], tmp_path: Path) -> tuple[Repo, list[str]]:
    """Return a copy of `planted`, free to change."""
    repo, key = planted
    return repo.copy(tmp_path / "own"), key


@pytest.fixture(scope="session")
def forgotten(
    planted: tuple[Repo, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repo, list[str], Done]:
    """Return a copy of `planted` after the command, and what that said; read only."""
    repo, key = planted
    folder = tmp_path_factory.mktemp("forgotten") / "repo"
    copy = repo.copy(folder)
    return copy, key, copy.must("forget", *key, *REASON)


def test_a_subject_is_in_no_byte_of_the_repo_afterwards(
    planted: tuple[Repo, list[str]], forgotten: tuple[Repo, list[str], Done]
) -> None:
    repo, _, done = forgotten
    before = {path.split("/")[0] for path in holding(planted[0].folder)}
    raw = paths.RAW / paths.SAMPLE.name
    rows, kept = (len(pd.read_parquet(one.folder / raw)) for one in (planted[0], repo))

    assert not TEXT or {"data", "tests", ".dvc", "reports", "answers.csv"} <= before
    assert holding(repo.folder) == set()
    assert kept == rows - 1
    assert str(raw) in done.out
    assert "not reached" in done.out
    assert repo.git("status", "--porcelain", "--", "data", "tests") == ""


def test_other_lines_of_a_csv_file_stay_byte_by_byte(
    planted: tuple[Repo, list[str]], forgotten: tuple[Repo, list[str], Done]
) -> None:
    before, after = (
        (repo.folder / paths.INCOMING / "later.csv").read_bytes().splitlines(keepends=True)
        for repo in (planted[0], forgotten[0])
    )

    assert after == before[: ROW + 1] + before[ROW + 2 :]


def test_the_record_says_why_and_how_many_and_never_whose(
    forgotten: tuple[Repo, list[str], Done],
) -> None:
    repo, key, _ = forgotten
    begun, done = lines(repo)

    assert (begun["event"], begun["reason"], begun["by"]) == ("begun", REASON[1], "Test")
    assert (begun["rows"], begun["files"]["answers.csv"]) == (1, 1)
    assert len(done["objects"]) > len(begun["objects"]) > 0
    text = json.dumps([begun, done])
    assert not [word for word in key if f'"{word.split("=", 1)[1]}"' in text]


def test_a_subject_who_is_nowhere_is_one_line(forgotten: tuple[Repo, list[str], Done]) -> None:
    repo, key, _ = forgotten
    raw = repo.folder / paths.RAW / paths.SAMPLE.name
    before = (repo.files(), raw.read_bytes())
    done = repo.run("forget", *key, *REASON)

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert (repo.files(), raw.read_bytes()) == before


def test_trace_says_what_was_forgotten_and_names_what_was_changed_beside_it(
    own_repo: Repo, sample: pd.DataFrame
) -> None:
    own_repo.must("forget", *key_of(sample, ROW), *REASON)
    states = traced(own_repo)
    raw = own_repo.folder / paths.RAW / paths.SAMPLE.name
    pd.read_parquet(raw).iloc[1:].to_parquet(raw)
    fewer = traced(own_repo)
    record = own_repo.folder / removals.FILE
    record.write_text(record.read_text("utf-8").replace(REASON[1], "another"), "utf-8")

    assert (states["data"][0], states["forgotten"][0]) == ("ok", "ok")
    assert "less rows forgotten" in states["data"][1]
    assert (fewer["data"][0], fewer["forgotten"][0]) == ("differs", "ok")
    assert traced(own_repo)["forgotten"][0] == "differs"


def test_trace_knows_what_was_forgotten_of_a_version_s_batches_beside_later_ones(
    own_repo: Repo, sample: pd.DataFrame
) -> None:
    sample.iloc[:3].to_parquet(own_repo.folder / paths.RAW / "later.parquet")
    own_repo.must("forget", *key_of(sample, ROW), *REASON)

    state, detail = traced(own_repo)["data"]
    assert (state, "less rows forgotten" in detail) == ("ok", True)


def traced(repo: Repo) -> dict[str, tuple[str, str]]:
    """Return state and detail of each check."""
    checks = json.loads(repo.run("trace", "--json").out)["checks"]
    return {check["name"]: (check["state"], check["detail"]) for check in checks}


def test_a_second_run_finishes_what_a_kill_cut_off(own: tuple[Repo, list[str]]) -> None:
    repo, key = own
    for module, name in (
        (stored_rows, "take_out"),
        (stored_rows, "drop_features"),
        (sharing, "share"),
        (programs, "commit"),
    ):
        with killing(module, name):
            repo.run("forget", *key, *REASON)
    repo.must("forget", *key, *REASON)

    assert holding(repo.folder) == set()
    assert repo.git("status", "--porcelain", "--", "data", "tests") == ""
    assert repo.run("forget", *key, *REASON).code == 1
    assert not (repo.folder / paths.FEATURES).exists()
    assert not lists_of_features(repo)


def lists_of_features(repo: Repo) -> list[Path]:
    """Return what DVC keeps about data/features, in its cache and in the remote here."""
    found = repo.folder.glob(".dvc/*/files/md5/*/*.dir")
    return [path for path in found if "train.parquet" in path.read_text("utf-8")]


def lines(repo: Repo) -> list[dict[str, Any]]:
    """Return the lines of the record."""
    text = (repo.folder / removals.FILE).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_pretending_changes_nothing(planted: tuple[Repo, list[str]]) -> None:
    repo, key = planted
    before = (repo.files(), holding(repo.folder))
    done = repo.must("forget", *key, "--pretend", "--json")

    assert (repo.files(), holding(repo.folder)) == before
    assert json.loads(done.out)["files"][str(paths.RAW / paths.SAMPLE.name)] == 1
    assert "nothing was changed" in done.err


def test_a_group_is_all_rows_of_a_person(own_repo: Repo, sample: pd.DataFrame) -> None:
    name = schema.KEY[0]
    (word,) = (one for one in key_of(sample, ROW) if one.startswith(f"{name}="))
    theirs = int((sample[name] == sample[name].iloc[ROW]).sum())
    done = own_repo.must("forget", "--group", word, "--pretend", "--json")

    assert json.loads(done.out)["rows"] == theirs > 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-assignment"], "COLUMN=VALUE"),
        (["colour=secret-value"], "no column 'colour'"),
        ([f"{NO_KEY}=1", "--pretend"], "not the key of a row"),
    ],
)
def test_what_names_no_subject_is_refused(repo: Repo, words: list[str], says: str) -> None:
    done = repo.run("forget", *words, *REASON)

    assert (done.code, says in done.err, "secret-value" in done.err) == (2, True, False)


def test_a_reason_is_asked_for_and_holds_no_value(repo: Repo, sample: pd.DataFrame) -> None:
    words = key_of(sample, ROW)
    value = max((word.split("=", 1)[1] for word in words), key=len)

    assert "there is no reason" in repo.run("forget", *words).err
    if len(value) >= 6:
        assert repo.run("forget", *words, "--reason", f"for {value}").code == 2


def test_a_batch_that_cannot_be_read_stops_it_before_anything_is_changed(
    own_repo: Repo, sample: pd.DataFrame
) -> None:
    (own_repo.folder / paths.RAW / "torn.parquet").write_bytes(b"PAR1 and no more")
    done = own_repo.run("forget", *key_of(sample, ROW), *REASON)

    assert (done.code, "torn.parquet" in done.err) == (2, True)
    assert not (own_repo.folder / removals.FILE).exists()


def test_no_row_is_taken_from_under_the_pipeline(repo: Repo, sample: pd.DataFrame) -> None:
    with files.one_writer(repo.folder / paths.DATA_LOCK):
        done = repo.run("forget", *key_of(sample, ROW), *REASON)

    assert (done.code, "is held by another command" in done.err) == (3, True)
    assert not (repo.folder / removals.FILE).exists()
