# The template's. Which columns are personal is yours to declare, in schema.py.
"""A column declared personal is in nothing that the life of a model stores beside the data."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..fixtures import ROOT, Repo
from ..package import dataset, features, interface, paths, schema, tables, versions

NAME, VALUE = "contact_4711", "planted-person"
KEPT_AS_DATA = {"data", ".dvc"}  # what came in, and the tables between it and the model


@pytest.fixture
def personal(own_repo: Repo, sample: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repo whose rows have a personal column, each with another value."""
    column = interface.Column(
        NAME, "text", schema.MOMENTS[0], "whom to call", missing=True, personal=True
    )
    monkeypatch.setattr(schema, "COLUMNS", (*schema.COLUMNS, column))
    rows = sample.assign(**{NAME: [f"{VALUE}-{number}" for number in range(len(sample))]})
    raw = own_repo.folder / paths.RAW / paths.SAMPLE.name
    rows.to_parquet(raw)
    return own_repo


def holding(folder: Path) -> set[str]:
    """Return the files beside the data that hold a planted value, also inside of tables."""
    found = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if not path.is_file() or name.parts[0] in KEPT_AS_DATA:
            continue
        content = path.read_bytes()
        if content[:4] == b"PAR1":
            content += pd.read_parquet(path).to_csv().encode()
        if VALUE.encode() in content:
            found.add(str(name))
    return found


@pytest.mark.slow
def test_a_whole_life_stores_none_of_it(personal: Repo) -> None:
    for stage in ("validate", "featurize", "train", "evaluate"):
        personal.must(stage)
    personal.must("register", "--force", "it is a test")
    personal.must("promote", "--force", "it is a test")
    drift = personal.run("drift", str(paths.RAW / paths.SAMPLE.name))
    if (ROOT / paths.CARD).is_file():
        shutil.copy(ROOT / paths.CARD, personal.folder)
        personal.run("card", "--draft")
    personal.run("trace")

    assert drift.code == 2 or (personal.folder / paths.DRIFT_PAGE).is_file()
    assert holding(personal.folder) == set()


def test_the_search_finds_what_is_there(personal: Repo) -> None:
    (personal.folder / paths.REPORTS / "page.html").write_text(f"<b>{VALUE}-3</b>", "utf-8")

    assert holding(personal.folder) == {f"{paths.REPORTS}/page.html"}


def test_a_report_of_broken_rows_names_the_row_and_no_value(personal: Repo) -> None:
    raw = personal.folder / paths.RAW / paths.SAMPLE.name
    rows = pd.read_parquet(raw)
    broken = [f"{VALUE}-bytes".encode() if number == 2 else None for number in range(len(rows))]
    rows.assign(**{NAME: broken}).to_parquet(raw)
    done = personal.run("validate")

    assert (done.code, VALUE in done.err) == (1, False)
    assert "first: row 2, personal" in done.err
    assert holding(personal.folder) == set()


def test_a_feature_made_from_it_is_refused(personal: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    made = features.build_features

    def leaking(rows: pd.DataFrame) -> pd.DataFrame:
        return made(rows).assign(length=rows[NAME].str.len())

    monkeypatch.setattr(features, "build_features", leaking)
    done = personal.run("featurize")

    assert (done.code, f"features.py reads {NAME!r}" in done.err) == (1, True)


def test_the_example_of_the_api_is_nobody_s_row(sample: pd.DataFrame) -> None:
    example = dataset.example(sample)
    row = tables.conform(pd.DataFrame([example]), tables.known_columns(schema))
    naming = [name for name in schema.KEY if sample[name].nunique() > len(sample) / 2]

    assert not [name for name in naming if sample[name].isin(row[name]).any()]
    assert len(features.build_features(row)) == 1


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("integer", [3, 1, 2]),
        ("number", [0.5, 0.1, 0.9]),
        ("text", ["Ann", "Ben", "Cid"]),
        ("timestamp", pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"])),
    ],
)
def test_what_names_a_row_is_invented(
    kind: Any, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "KEY", ("who",))
    column = interface.Column("who", kind, "before", "a customer")

    assert dataset.typical(pd.Series(values), column) not in list(values)


def test_the_example_beside_an_mlflow_model_is_nobody_s_row() -> None:
    inputs = pd.DataFrame({"age": range(100), "income": range(100), "town": list("ab") * 50})
    drawn = versions.mixed(inputs)

    assert dict(drawn.dtypes) == dict(inputs.dtypes)
    assert len(drawn) == versions.EXAMPLES
    assert not (drawn["age"] == drawn["income"]).any()
