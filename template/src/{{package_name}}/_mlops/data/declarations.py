# The template's. What it checks is yours: schema.py.
"""Does schema.py declare what interface.py asks for? Checked before any table is read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args
from zoneinfo import available_timezones

from ..errors import WrongInput, counted
from ..interface import Column, Kind, OptionalSchema, Schema
from . import outcome

ASKED: dict[str, tuple[type, ...]] = {
    "COLUMNS": (tuple, list),
    "KEY": (tuple, list),
    "TIME": (str,),
    "MOMENTS": (tuple, list),
    "PREDICTION_MOMENT": (str,),
    "TARGET": (str,),
    "LABELS": (tuple, list),
    "MISSING_TARGET": (str,),
}
NUMERIC = ("integer", "number")
HINT = "class Schema in _mlops/interface.py says what each name of schema.py means"


def require(schema: Schema) -> None:
    """Raise `WrongInput` with one line for each declaration that does not fit."""
    if found := problems(schema):
        raise WrongInput("\nerror: ".join(f"schema.py: {problem}" for problem in found), HINT)


def problems(schema: Schema) -> list[str]:
    """Return what does not fit, in the order of the interface; types come first."""
    return [*types(schema)] or [
        *column_problems(schema),
        *moment_problems(schema),
        *name_problems(schema),
        *target_problems(schema),
    ]


def types(schema: Schema) -> Iterator[str]:
    """Name what is absent or of another type."""
    for name, kinds in ASKED.items():
        found = getattr(schema, name, None)
        if not isinstance(found, kinds):
            yield f"{name} is {found!r}; expected a {kinds[0].__name__}"
            continue
        inside = Column if name == "COLUMNS" else str
        if isinstance(found, tuple | list) and not all(isinstance(one, inside) for one in found):
            yield f"{name} holds something else than {inside.__name__}"
    if not callable(getattr(schema, "read_target", None)):
        yield "there is no function read_target"


def column_problems(schema: Schema) -> Iterator[str]:
    """Name what is wrong with a column by itself."""
    if not schema.COLUMNS:
        yield "COLUMNS is empty"
    yield from repeated("COLUMNS", [column.name for column in schema.COLUMNS])
    for column in schema.COLUMNS:
        said, limits = f"column {column.name!r}", (column.low, column.high)
        if column.kind not in get_args(Kind):
            yield f"{said} is of kind {column.kind!r}; expected {', '.join(get_args(Kind))}"
        elif column.kind not in NUMERIC and limits != (None, None):
            yield f"{said} of kind {column.kind!r} has a lowest or highest value"
        if None not in limits and limits[0] > limits[1]:  # type: ignore[operator]
            yield f"{said} has the lowest value {column.low}, above the highest {column.high}"
        if column.known not in schema.MOMENTS:
            yield f"{said} is known at {column.known!r}; expected one of {list(schema.MOMENTS)}"
        if column.zone and column.kind != "timestamp":
            yield f"{said} of kind {column.kind!r} has a zone"
        elif column.zone and column.zone not in available_timezones():
            yield f"{said} is of the zone {column.zone!r}; expected one such as 'UTC'"
        if not column.meaning:
            yield f"{said} has no meaning"
        if column.name.startswith(("probability", "call.")) or column.name == "prediction":
            yield f"{said} has a name that predictions take; rename it in data.read_batch"


def moment_problems(schema: Schema) -> Iterator[str]:
    """Name what is wrong with the moments."""
    yield from repeated("MOMENTS", schema.MOMENTS)
    if schema.PREDICTION_MOMENT not in schema.MOMENTS:
        found = f"PREDICTION_MOMENT is {schema.PREDICTION_MOMENT!r}"
        yield f"{found}; expected one of {list(schema.MOMENTS)}"


def name_problems(schema: Schema) -> Iterator[str]:
    """Name what is wrong with KEY and TIME."""
    if not schema.KEY:
        yield "KEY is empty; expected the columns that name a row, so that labels can be joined"
    yield from repeated("KEY", schema.KEY)
    columns = {column.name: column for column in schema.COLUMNS}
    times = [("TIME", schema.TIME)] if schema.TIME else []
    for place, name in [*(("KEY", name) for name in schema.KEY), *times]:
        if name not in columns:
            yield f"{place} names {name!r}, not one of COLUMNS"
        elif is_late(columns[name], schema):
            yield f"{place} names {name!r}, not known yet at {schema.PREDICTION_MOMENT!r}"
        elif columns[name].missing:
            yield f"{place} names {name!r}, which may be missing"
    time = columns.get(schema.TIME)
    if time and time.kind != "timestamp":
        yield f"TIME names {schema.TIME!r}, a column of kind {time.kind!r}; expected a timestamp"


def target_problems(schema: Schema) -> Iterator[str]:
    """Name what is wrong with the target and its labels."""
    if not schema.TARGET:
        yield "TARGET is empty"
    same = [column for column in schema.COLUMNS if column.name == schema.TARGET]
    if same and not is_late(same[0], schema):
        yield f"TARGET is {schema.TARGET!r}, a column known when it is predicted: it would leak"
    yield from repeated("LABELS", schema.LABELS)
    positive = getattr(schema, "POSITIVE", OptionalSchema.POSITIVE)
    if positive and (len(schema.LABELS) != 2 or positive not in schema.LABELS):
        yield f"POSITIVE is {positive!r}; expected one of two labels, found {list(schema.LABELS)}"
    if problem := outcome.check_labels(tuple(schema.LABELS)):
        yield problem


def is_late(column: Column, schema: Schema) -> bool:
    """Say whether a column is known only after the prediction moment."""
    moments = list(schema.MOMENTS)
    if not {column.known, schema.PREDICTION_MOMENT} <= set(moments):
        return False  # said already
    return moments.index(column.known) > moments.index(schema.PREDICTION_MOMENT)


def repeated(place: str, names: Sequence[str]) -> Iterator[str]:
    """Name what stands twice."""
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{place} names {name!r} {counted(times, 'time')}"
