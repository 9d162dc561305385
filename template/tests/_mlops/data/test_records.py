# The template's. Columns and their kinds are yours, in schema.py.
"""The rows of a request: typed quickly, and as `tables.conform` types them."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..broken import KNOWN
from ..package import features, interface, messages, records, schema, serving, tables

COLUMNS = [
    interface.Column("amount", "number", "now", "of money", missing=True),
    interface.Column("count", "integer", "now", "of things", missing=True),
    interface.Column("name", "text", "now", "of somebody", missing=True),
    interface.Column("sure", "boolean", "now", "whether", missing=True),
    interface.Column("local", "timestamp", "now", "somewhere", missing=True),
    interface.Column("paris", "timestamp", "now", "there", missing=True, zone="Europe/Paris"),
    interface.Column("york", "timestamp", "now", "west", missing=True, zone="America/New_York"),
]
NIGHT = datetime(2026, 10, 25, 1, 59)  # an hour before the clocks of Paris are changed
VALUES: dict[str, list[Any]] = {
    "amount": [None, 0.0, -0.0, 71.95999908447266, 1e-7, 1e300, 16777217.0, 3, True, "4"],
    "count": [None, 0, -7, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 3.0, False, "5"],
    "name": [None, "", "None", "nan", "7", "é" * 200, 7, 7.0, b"8"],
    "sure": [None, True, False, 1, "true", "maybe"],
    "local": [None, NIGHT, NIGHT.replace(tzinfo=UTC), NIGHT.isoformat(), datetime.max, "x"],
    "paris": [None, NIGHT, NIGHT + timedelta(hours=1), NIGHT.replace(tzinfo=UTC), datetime.min],
    "york": [None, NIGHT, datetime.max, datetime.max.replace(tzinfo=UTC), datetime.min, "x"],
}


def slowly(rows: list[dict[str, Any]], columns: Any) -> pd.DataFrame:
    """Return the rows as `conform` types them."""
    return tables.conform(pd.DataFrame(rows, columns=[one.name for one in columns]), columns)


def parsed(known: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as the service's door lets them in."""
    model = messages.input_model(schema)
    found: list[Any] = []
    for start in range(0, len(known), messages.MAX_ROWS):
        piece = tables.as_records(known.iloc[start : start + messages.MAX_ROWS])
        request: Any = model.model_validate_json(json.dumps({"rows": piece}))
        found += request.rows
    return [row.model_dump() for row in found]


def test_rows_of_the_sample_are_typed_alike_alone_and_together(known: pd.DataFrame) -> None:
    rows = parsed(known)
    gaps = [{**rows[0], name: None} for name in (one.name for one in KNOWN if one.missing)]
    rows += gaps
    together = records.read(rows, KNOWN)

    pd.testing.assert_frame_equal(
        together, slowly(rows, KNOWN), check_exact=True, check_column_type=False
    )
    for row in (*rows[::10], *gaps):
        alone, expected = records.read([row], KNOWN), slowly([row], KNOWN)
        assert alone.equals(expected), row  # types too; to say where they differ takes long


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_values_are_the_table_is_that_of_conform(seed: int) -> None:
    draw = np.random.default_rng(seed)
    some = {name: draw.permutation(len(values))[:2] for name, values in VALUES.items()}
    rows = [
        {name: VALUES[name][draw.choice(places)] for name, places in some.items()}
        for _ in range(draw.integers(1, 4))
    ]
    found, expected = records.read(rows, COLUMNS), slowly(rows, COLUMNS)

    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_column_type=False)


@pytest.mark.parametrize(("name", "values"), VALUES.items())
def test_each_value_alone_is_that_of_conform(name: str, values: list[Any]) -> None:
    columns = [one for one in COLUMNS if one.name == name]
    for value in values:
        found, expected = records.read([{name: value}], columns), slowly([{name: value}], columns)
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_column_type=False)


def test_a_whole_number_may_be_written_with_a_point_as_tables_with_gaps_hold_it() -> None:
    wanted = SimpleNamespace(COLUMNS=COLUMNS[1:2], MOMENTS=("now",), PREDICTION_MOMENT="now")
    model = messages.input_model(wanted)

    made: Any = model.model_validate_json('{"rows": [{"count": 7.0}, {"count": null}]}')
    assert [row.count for row in made.rows] == [7, None]
    for wrong in ("7.5", "true", '"7"', "1e300"):
        with pytest.raises(ValueError, match="count"):
            model.model_validate_json(f'{{"rows": [{{"count": {wrong}}}]}}')


def test_a_text_may_have_as_many_letters_as_the_schema_says() -> None:
    said = [
        interface.Column("note", "text", "now", "in words"),
        interface.Column("review", "text", "now", "in words", letters=900),
    ]
    wanted = SimpleNamespace(COLUMNS=said, MOMENTS=("now",), PREDICTION_MOMENT="now")
    model = messages.input_model(wanted)

    assert model.model_validate({"rows": [{"note": "x" * 200, "review": "x" * 900}]})
    for name, letters in (("note", 201), ("review", 901)):
        rows = [{"note": "", "review": "", name: "x" * letters}]
        with pytest.raises(ValueError, match=name):
            model.model_validate({"rows": rows})


def test_a_column_that_was_left_out_is_missing() -> None:
    found = records.read([{}, {"amount": 1.5}], COLUMNS)

    assert list(found) == [column.name for column in COLUMNS]
    assert found["amount"].tolist()[1] == 1.5
    assert found.drop(columns="amount").isna().all(axis=None)


@pytest.mark.parametrize(
    ("row", "gaps"),
    [
        ({"count": 1, "sure": True}, frozenset()),
        ({"count": None, "sure": True}, frozenset({"count"})),
        ({"count": 1, "sure": None}, None),  # a truth beside nothing is an object
        ({"count": 1, "sure": True, "name": 7}, None),
    ],
)
def test_gaps_say_which_requests_have_the_same_types(row: Any, gaps: Any) -> None:
    assert records.gaps([row], COLUMNS) == gaps


def test_columns_as_lists_hold_what_records_hold(known: pd.DataFrame) -> None:
    found = tables.as_lists(known)

    assert [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)] == (
        tables.as_records(known)
    )


def test_the_champion_asks_for_the_known_columns() -> None:
    assert serving.Champion(schema, features).columns == KNOWN


def test_the_page_shows_the_limits_of_every_number() -> None:
    """A caller, or a program that tries requests, keeps to what the page says."""
    shown = messages.input_model(schema).model_json_schema()["$defs"]["Row"]["properties"]
    for column in (one for one in KNOWN if one.kind in ("integer", "number")):
        said = [shown[column.name], *shown[column.name].get("anyOf", [])]  # a missing one has two
        for word, limit in (("minimum", column.low), ("maximum", column.high)):
            assert limit in [one[word] for one in said if word in one] or limit is None, column
