# The template's. Columns, ranges and meanings are yours, in schema.py.
"""Requests and answers as types: what the API's page shows and what it lets in."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    WithJsonSchema,
    create_model,
)
from starlette.responses import JSONResponse

from ..data.tables import known_columns, local_time
from ..interface import Column, Schema


def whole(value: Any) -> Any:
    """Return 7 for 7.0: JSON tells them not apart, and a table with a gap holds the second."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def dated(value: Any) -> Any:
    """Refuse what is no day with a time: in "2014" pydantic sees seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and DAY_AND_TIME.match(value)):
        return value
    raise ValueError("expected a time in ISO 8601, such as 2013-08-01T09:00:00")


TYPES: dict[str, Any] = {
    "integer": Annotated[int, Field(strict=True)],
    "number": Annotated[float, Field(strict=True, allow_inf_nan=False)],
    "text": Annotated[str, Field(strict=True)],
    "boolean": Annotated[bool, Field(strict=True)],
}
MAX_ROWS = 1000
DAY_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d.\d\d")
# no format of JSON Schema: `date-time` is one with an offset
LOCAL = r"^[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d"


def input_model(
    schema: Schema, example: dict[str, Any] | None = None, unread: Sequence[str] = ()
) -> type[BaseModel]:
    """Return the request: `rows`, each with the columns known at the prediction moment.

    Args:
        schema: Your module schema.
        example: One row of the data, shown on the API's page.
        unread: Columns that no feature reads; they may be left out.
    """
    row = create_model(  # type: ignore[call-overload]
        "Row",
        __config__=ConfigDict(extra="forbid", json_schema_extra={"example": example or {}}),
        **{column.name: _field(column, unread) for column in known_columns(schema)},
    )
    rows = Field(
        min_length=1,
        max_length=MAX_ROWS,
        description=f"1 to {MAX_ROWS} rows, answered in this order. A category that was not seen "
        "in training counts as missing; a missing value is null or left out, where allowed.",
        json_schema_extra={"example": [example or {}]},
    )
    return create_model("Input", __config__=ConfigDict(extra="forbid"), rows=(list[row], rows))  # type: ignore[valid-type]


def _field(column: Column, unread: Sequence[str]) -> tuple[Any, Any]:
    kind = timestamp(column) if column.kind == "timestamp" else TYPES[column.kind]
    low, high = column.low, column.high
    if column.kind == "text":
        kind = Annotated[kind, Field(max_length=column.letters)]
    if column.kind == "integer":  # what a table can hold
        low, high = (-(2**63) if low is None else low), (2**63 - 1 if high is None else high)
    kind = Annotated[kind, Field(ge=low, le=high)]  # before what would hide it from the page
    if column.kind == "integer":
        kind = Annotated[kind, BeforeValidator(whole)]
    if column.missing or column.name in unread:
        return kind | None, Field(default=None, description=column.meaning)
    return kind, Field(description=column.meaning)


def timestamp(column: Column) -> Any:
    """Return the type of a time: with an offset where the column has a zone, else without one."""
    if not column.zone:
        local = WithJsonSchema({"type": "string", "pattern": LOCAL})
        return Annotated[NaiveDatetime, Field(strict=True), local]

    def convert(value: datetime) -> datetime:
        return local_time(value, column.zone)

    return Annotated[datetime, AfterValidator(convert), BeforeValidator(dated)]


def answer_model(schema: Schema) -> type[BaseModel]:
    """Return the answer; numbers have no probabilities."""
    labels = list(schema.LABELS)
    fields: dict[str, Any] = {"predictions": (list[str], shown("one per row", labels[:1]))}
    if labels:
        even = [dict.fromkeys(labels, round(1 / len(labels), 2))]
        fields["probabilities"] = (list[dict[str, float]], shown("of each label", even))
    else:
        fields["predictions"] = (list[float], shown("one per row", [0.0]))
    return create_model(
        "Answer",
        __config__=ConfigDict(protected_namespaces=()),
        **fields,
        model_version=(str, shown("in the registry", "1")),
        request_id=(str, shown("the header X-Request-ID, or a new one", "my-request")),
    )


def shown(meaning: str, example: Any) -> Any:
    """Return a field with what the API's page says about it."""
    return Field(description=meaning, json_schema_extra={"example": example})


def error(status: int, error: str, detail: str, hint: str) -> JSONResponse:
    """Return an error in the service's one form."""
    return JSONResponse({"error": error, "detail": detail, "hint": hint}, status_code=status)
