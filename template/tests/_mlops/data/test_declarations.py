# The template's. Yours is schema.py: change what fails here there.
"""A declaration that does not fit is named before anything else happens, in one line."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ..broken import LATE
from ..fixtures import Repo
from ..package import declarations, interface, paths, schema

FIRST, *REST = schema.COLUMNS
TIME = interface.Column("a_time", "timestamp", schema.PREDICTION_MOMENT, "when it came about")


def timed(column: interface.Column) -> dict[str, Any]:
    """Return declarations of a schema that has this column as its time."""
    return {"TIME": column.name, "COLUMNS": (*schema.COLUMNS, column)}


def changed(**names: Any) -> SimpleNamespace:
    """Return your schema with other declarations."""
    known = {name: getattr(schema, name) for name in [*declarations.ASKED, "read_target"]}
    return SimpleNamespace(**{**known, **names})


def test_your_schema_declares_all_that_is_asked() -> None:
    assert declarations.problems(schema) == []


def test_rows_may_have_a_time_or_none() -> None:
    assert declarations.problems(changed(**timed(TIME))) == []
    assert declarations.problems(changed(TIME="")) == []


def test_the_target_may_have_the_name_of_a_column_that_is_known_later() -> None:
    column = interface.Column("the_outcome", "text", "at the very end", "what happened")
    names = {"COLUMNS": (*schema.COLUMNS, column), "MOMENTS": (*schema.MOMENTS, column.known)}

    assert declarations.problems(changed(**names, TARGET=column.name)) == []


CASES: list[tuple[dict[str, Any], str]] = [
    ({"KEY": ()}, "KEY is empty"),
    ({"KEY": schema.KEY[0]}, f"KEY is {schema.KEY[0]!r}; expected a tuple"),
    ({"KEY": ("no_column",)}, "KEY names 'no_column', not one of COLUMNS"),
    ({"KEY": schema.KEY * 2}, f"KEY names {schema.KEY[0]!r} 2 times"),
    ({"TIME": "no_column"}, "TIME names 'no_column', not one of COLUMNS"),
    (timed(replace(TIME, kind="integer")), "of kind 'integer'; expected a time"),
    (timed(replace(TIME, missing=True)), "which may be missing"),
    ({"COLUMNS": ()}, "COLUMNS is empty"),
    ({"COLUMNS": ("a", "b")}, "COLUMNS holds something else than Column"),
    ({"COLUMNS": (*schema.COLUMNS, FIRST)}, f"COLUMNS names {FIRST.name!r} 2 times"),
    ({"COLUMNS": (replace(FIRST, kind="float"), *REST)}, "is of kind 'float'; expected"),
    ({"COLUMNS": (replace(FIRST, known="never"), *REST)}, "is known at 'never'; expected one of"),
    ({"COLUMNS": (replace(FIRST, meaning=""), *REST)}, "has no meaning"),
    (
        {"COLUMNS": (*schema.COLUMNS, replace(FIRST, name="x", kind="number", low=2, high=1))},
        "has the lowest value 2, above the highest 1",
    ),
    (
        {"COLUMNS": (*schema.COLUMNS, replace(FIRST, name="x", kind="text", low=0))},
        "has a lowest or highest value",
    ),
    ({"COLUMNS": (*schema.COLUMNS, replace(FIRST, name="prediction"))}, "predictions take"),
    ({"PREDICTION_MOMENT": "never"}, "PREDICTION_MOMENT is 'never'; expected one of"),
    ({"MOMENTS": ()}, "PREDICTION_MOMENT is"),
    ({"MOMENTS": (*schema.MOMENTS, schema.MOMENTS[0])}, "2 times"),
    ({"TARGET": schema.KEY[0]}, "a column known when it is predicted: it would leak"),
    ({"TARGET": None}, "TARGET is None; expected a str"),
    ({"LABELS": ("one",)}, "LABELS"),
    ({"LABELS": ("one", "one")}, "LABELS names 'one' 2 times"),
    ({"LABELS": (0, 1)}, "LABELS holds something else than str"),
    ({"read_target": None}, "there is no function read_target"),
]


@pytest.mark.parametrize(("names", "said"), CASES, ids=[said for _, said in CASES])
def test_each_declaration_that_does_not_fit_is_named(names: dict[str, Any], said: str) -> None:
    assert said in "\n".join(declarations.problems(changed(**names)))


@pytest.mark.skipif(not LATE, reason="every column of yours is known in time")
def test_a_key_that_is_known_too_late_is_named() -> None:
    assert "not known yet" in "\n".join(declarations.problems(changed(KEY=(LATE[0],))))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("validate",),
        ("featurize",),
        ("drift", paths.SAMPLE),
        ("predict", "--input", paths.SAMPLE, "--output", "out.csv"),
        ("demo",),
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(("name", "value"), [("KEY", ()), ("TIME", "no_column")])
def test_every_command_that_reads_data_says_so_first(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, command: tuple[Any, ...], name: str, value: Any
) -> None:
    before = repo.files()
    monkeypatch.setattr(schema, name, value)
    done = repo.run(*command)

    assert done.code == 2, done.err
    assert done.err.startswith(f"error: schema.py: {name} ")
    assert repo.files() == before
