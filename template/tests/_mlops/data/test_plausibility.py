# The template's. Claims about your own columns go into a file beside this folder.
"""Batches that look broken are named by kind; seasons, other populations and few rows are not."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from ..package import comparison, envelope, interface, plausibility, schema, units, validation

pytestmark = pytest.mark.command

NOW = datetime(2027, 1, 1)
Column = interface.Column
COLUMNS = (
    Column("at", "timestamp", "before", "when it was asked"),
    Column("name", "integer", "before", "number of the row"),
    Column("place", "text", "before", "where"),
    Column("temp", "number", "before", "temperature, °F"),
    Column("dew", "number", "before", "dew point, °F"),
    Column("way", "integer", "before", "miles to the place"),
    Column("calm", "boolean", "before", "no wind"),
    Column("left", "number", "after", "minutes after the time at which it had to leave"),
    Column("delay", "number", "after", "minutes", missing=True),
)
PLACES = {"ORD": 700, "LAX": 2500, "BOS": 200, "MIA": 1100, "SFO": 2600, "DCA": 210}


def rows(month: int, count: int = 1000) -> pd.DataFrame:
    """Return rows of a month whose weather is its own."""
    luck = np.random.default_rng(month)
    start = pd.Timestamp("2025-01-01") + pd.DateOffset(months=month)
    minutes = np.sort(luck.integers(0, 28 * 24 * 60, count))
    place = luck.choice(list(PLACES), count, p=[0.3, 0.2, 0.2, 0.15, 0.1, 0.05])
    left = luck.normal(5, 20, count)
    temp = 55 - 30 * np.cos(month * np.pi / 6) + luck.normal(0, 9, count)
    return pd.DataFrame(
        {
            "at": (start + pd.to_timedelta(minutes, "min")).astype("datetime64[us]"),
            "name": month * 100_000 + np.arange(count),
            "place": pd.array(place, "str"),
            "temp": temp,
            "dew": temp - luck.gamma(4, 2, count),
            "way": pd.Series(place).map(PLACES).to_numpy(),
            "calm": luck.random(count) < 0.3,
            "left": left,
            "delay": np.where(luck.random(count) < 0.02, np.nan, left + luck.normal(temp / 9, 8)),
        }
    )


KNOWN = pd.concat([rows(month) for month in range(14)], ignore_index=True)
BATCH = rows(14)
THIRD = np.arange(len(BATCH)) % 3 == 0


@pytest.fixture(autouse=True, params=["labels", "a number"])
def declared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let schema.py be about these rows, once with labels and once with a number."""

    def late(found: pd.DataFrame) -> pd.Series:
        labels = (found["delay"] > 15).map({True: "late", False: "in time"})
        return labels.where(found["delay"].notna())

    def delay(found: pd.DataFrame) -> pd.Series:
        return found["delay"].rename("target")

    labels = ("in time", "late") if request.param == "labels" else ()
    about = {
        "COLUMNS": COLUMNS,
        "KEY": ("name",),
        "TIME": "at",
        "MOMENTS": ("before", "after"),
        "PREDICTION_MOMENT": "before",
        "TARGET": "target",
        "LABELS": labels,
        "read_target": late if labels else delay,
    }
    for name, value in about.items():
        monkeypatch.setattr(schema, name, value)


def judged(batch: pd.DataFrame, known: pd.DataFrame = KNOWN) -> plausibility.Judgement:
    """Judge a batch that arrived."""
    found: plausibility.Judgement = plausibility.judge(
        known, batch.reset_index(drop=True), 0.2, outcomes=True, now=NOW
    )
    return found


def test_small_counts_that_were_divided_and_rounded_are_told_from_stuck_ones() -> None:
    luck = np.random.default_rng(0)
    known = KNOWN.assign(way=luck.poisson(35, len(KNOWN)))
    tenth = (luck.poisson(35, len(BATCH)) / 10).round().astype("int64")
    said = [judged(BATCH.assign(way=way), known).findings for way in (tenth, 40)]

    assert [[(one.kind, one.column) for one in found] for found in said] == [[("stuck", "way")]] * 2
    assert said[0][0].found.endswith("of the rows, as if divided by 10 and rounded")
    assert said[1][0].found == "40 in 100 % of the rows"


Change = Callable[[pd.DataFrame], pd.DataFrame]
BROKEN: dict[str, tuple[str, str, Change]] = {
    "constant": ("stuck", "temp", lambda b: b.assign(temp=61.0)),
    "stuck after a week": (
        "stuck",
        "dew",
        lambda b: b.assign(dew=b["dew"].where(b.index < 250, 40.0)),
    ),
    "empty": ("missing values", "dew", lambda b: b.assign(dew=b["dew"].where(THIRD))),
    "Celsius": ("unit", "temp", lambda b: b.assign(temp=(b["temp"] - 32) / 1.8)),
    "km": ("unit", "way", lambda b: b.assign(way=(b["way"] * 1.609344).round().astype("int64"))),
    "changed places": (
        "columns",
        "dew",
        lambda b: b.assign(dew=b["way"].astype("float64"), way=b["dew"].round().astype("int64")),
    ),
    "sorted by itself": ("columns", "temp", lambda b: b.assign(temp=np.sort(b["temp"])[::-1])),
    "lower case": ("spelling", "place", lambda b: b.assign(place=b["place"].str.lower())),
    "blanks": (
        "spelling",
        "place",
        lambda b: b.assign(place=b["place"].where(~THIRD, b["place"] + " ")),
    ),
    "renamed": ("groups", "place", lambda b: b.assign(place=b["place"].replace("ORD", "O'Hare"))),
    "lost": ("groups", "place", lambda b: b[(b["place"] != "LAX") | (b.index % 10 == 0)]),
    "new": ("groups", "place", lambda b: b.assign(place=b["place"].where(b.index % 9 > 0, "JFK"))),
    "few a day": ("rows per day", "at", lambda b: b[b.index % 5 == 0]),
    "days gone": ("rows per day", "at", lambda b: b[b["at"].dt.day % 2 == 0]),
    "of the year 2043": ("times", "at", lambda b: b.assign(at=b["at"] + pd.DateOffset(years=17))),
    "of 1970": ("times", "at", lambda b: b.assign(at=b["at"].where(b.index > 3, pd.Timestamp(0)))),
    "late ones missing": (
        "outcomes",
        "*",
        lambda b: b.assign(delay=b["delay"].where(b["delay"] < 15)),
    ),
    "turned": ("labels", "*", lambda b: b.assign(delay=b["delay"].where(~THIRD, 60 - b["delay"]))),
    "leak": ("leak", "dew", lambda b: b.assign(dew=b["dew"].mean() + b["delay"].fillna(0) / 9)),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", BROKEN)
def test_what_looks_broken_is_named_by_kind_and_column(what: str) -> None:
    kind, column, broken = BROKEN[what]
    found = judged(broken(BATCH))

    assert found.says == plausibility.BROKEN
    assert (kind, column) in [(one.kind, one.column) for one in found.findings]
    assert all(one.found and one.expected and one.do for one in found.findings)


def test_of_a_skewed_column_values_below_all_that_is_known_are_in_another_unit() -> None:
    bills = pd.Series(np.random.default_rng(0).gamma(1, 2000, 3000) + 19)
    parts = np.array_split(np.arange(3000), 6)
    known = envelope.Reference(bills.to_frame(), None, parts, 1.0)
    new, count = bills.sample(500, random_state=1), pd.Series(np.arange(3000.0))

    assert units.by_size(known, bills, new / 1000).endswith(" times as much")
    assert units.by_size(known, bills, new / 3) == ""
    assert units.by_size(known, count, count.tail(500) + 500) == ""  # it grows all the time


def test_columns_that_say_the_same_of_large_numbers_tell_them_together() -> None:
    places = np.resize([f"place {number}" for number in range(200)], 5000)
    people = pd.Series(places).str.removeprefix("place ").astype("int64") ** 4 * 7919.0
    twice = pd.DataFrame({"place": places, "code": places, "also": places, "people": people})

    told = units.Told(twice, "people", []).of(twice)
    assert np.corrcoef(told, people)[0, 1] > 0.99


def test_a_stuck_column_that_told_the_outcome_says_nothing_of_the_labels() -> None:
    def told(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(delay=rows["way"] / 60 + rows["left"] / 9)

    known, batch = told(KNOWN), told(BATCH)

    assert judged(batch, known).findings == []
    stuck = judged(batch.assign(way=700), known).findings
    assert [(one.kind, one.column) for one in stuck] == [("stuck", "way")]


@pytest.mark.parametrize(
    ("shape", "factor", "said"),
    [("even", 1.609344, "km for miles"), ("skewed", 0.01, "0.01 times")],
)
def test_numbers_that_nothing_else_tells_are_in_another_unit_when_one_brings_them_back(
    shape: str, factor: float, said: str
) -> None:
    luck = np.random.default_rng(0)
    drawn = luck.uniform(35, 80, 4000) if shape == "even" else luck.lognormal(4, 1.2, 4000)
    rows = pd.DataFrame({"hours": drawn[:3500]})
    known = envelope.Reference(rows, None, np.array_split(np.arange(3500), 6), 1.0)
    batch = pd.DataFrame({"hours": drawn[3500:]})

    assert not list(units.look(known, batch, ["hours"]))
    (found,) = units.look(known, batch * factor, ["hours"])
    assert found.found.startswith(said)
    other = pd.DataFrame({"hours": drawn[3500:] * 1.2})
    assert not list(units.look(known, other, ["hours"]))
    seasons = rows["hours"] * np.repeat([1, 1.4], [1800, 1700])
    assert not units.by_shape(known, seasons, batch["hours"] * 2.2046)


def test_where_a_window_moved_another_unit_may_be_a_season() -> None:
    drawn = np.random.default_rng(0).uniform(35, 80, 4000)
    one_moved = drawn[:3500] * np.repeat([1, 1.2], [2916, 584])
    parts, batch = np.array_split(np.arange(3500), 6), pd.Series(drawn[3500:] * 2.2046)

    for rows, said in ((drawn[:3500], "pounds for kg"), (one_moved, "")):
        known = envelope.Reference(pd.DataFrame({"hours": rows}), None, parts, 0.5)
        assert units.by_shape(known, known.rows["hours"], batch) == said


@pytest.mark.slow
@pytest.mark.parametrize("month", range(14, 20))
def test_months_that_differ_as_seasons_do_are_no_alarm(month: int) -> None:
    found = judged(rows(month))

    assert (found.says, [*found.findings]) == (plausibility.SEASON, [])


def test_a_season_never_seen_is_no_alarm() -> None:
    first = KNOWN[KNOWN["at"] < "2025-07-01"]

    assert [judged(rows(month), first).findings for month in (6, 8, 9)] == [[], [], []]


def test_another_population_is_named_and_no_alarm() -> None:
    other = BATCH.assign(
        place=np.where(BATCH.index % 4 > 0, "MIA", BATCH["place"]),
        temp=BATCH["temp"].mean() + 2 * (BATCH["temp"] - BATCH["temp"].mean()),
    )
    other = other.assign(way=other["place"].map(PLACES), dew=other["temp"] - 8)
    found = judged(other.assign(place=pd.array(other["place"], "str")))

    assert "place" in found.moved


def test_few_rows_are_not_judged_but_for_what_is_certain() -> None:
    few = BATCH.head(40)
    future = few.assign(at=few["at"] + pd.DateOffset(years=17))

    assert judged(few.assign(temp=61.0)).says == plausibility.FEW
    assert judged(BATCH, KNOWN.head(90)).says == plausibility.FEW
    assert [one.kind for one in judged(future).findings] == ["times"]


@pytest.mark.parametrize("time", ["", "at"])
def test_of_few_rows_a_group_that_is_gone_is_said_where_they_are_drawn_of_all(
    time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "TIME", time)
    monkeypatch.setattr(schema, "GROUP", "", raising=False)
    known, few = KNOWN.sample(1200, random_state=0), BATCH.sample(90, random_state=0)
    said = [judged(few, known), judged(few[few["place"] != "ORD"], known)]

    assert said[0].says == plausibility.FEW
    assert said[1].says == (plausibility.FEW if time else plausibility.BROKEN)
    assert [one.column for one in said[1].findings] == ([] if time else ["place"])


def test_columns_that_a_batch_lacks_are_passed_over() -> None:
    known = [column.name for column in COLUMNS if column.known == "before"]
    for gone in ([], ["temp"], ["at"]):
        log = BATCH[known].drop(columns=gone)
        assert plausibility.judge(KNOWN[known], log, 0.2).says == plausibility.SEASON


def test_requests_are_judged_without_the_label_that_known_rows_have() -> None:
    known = [column.name for column in COLUMNS if column.known == "before"]
    label = pd.array(np.where(KNOWN["calm"], "calm", "windy"), "str")
    labelled = KNOWN[known].assign(label=label)

    assert plausibility.judge(labelled, BATCH[known], 0.2).says == plausibility.SEASON


def test_rows_without_a_time_are_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "TIME", "")
    mixed = KNOWN.sample(frac=1, random_state=0)
    batch, known = mixed.head(1000), mixed.tail(len(mixed) - 1000)
    spelt = batch.assign(place=batch["place"].str.lower())

    assert judged(batch, known).says == plausibility.SEASON
    assert [one.kind for one in judged(spelt, known).findings] == ["spelling"]


@pytest.mark.parametrize("name", ["who", "name"])
def test_numbers_that_name_something_are_no_amounts(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = Column("who", "integer", "before", "number of the customer", names=True)
    monkeypatch.setattr(schema, "COLUMNS", (*COLUMNS, who))
    batch = BATCH.assign(who=BATCH["name"]).assign(**{name: lambda rows: rows[name] * 7})

    found = judged(batch, KNOWN.assign(who=KNOWN["name"]))

    assert (found.says, found.findings) == (plausibility.SEASON, [])


@pytest.mark.parametrize(("key", "named"), [(("place",), True), (("place", "name"), False)])
def test_a_text_that_names_each_row_by_itself_is_not_compared(
    key: tuple[str, ...], named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "KEY", key)
    place = next(one for one in COLUMNS if one.name == "place")

    assert (place not in plausibility.comparable()) is named
    assert bool(comparison.why_not(place, KNOWN, interface.DriftParams())) is named


def of_schools(first: int, count: int) -> pd.DataFrame:
    """Return pupils of some schools, of which most have girls only."""
    luck = np.random.default_rng(first)
    school = np.repeat(np.arange(first, first + count), 60)
    taught = (school * 37 % 11) / 4
    girls = np.random.default_rng(9).random(200)[school] < 0.7
    return pd.DataFrame(
        {
            "name": school * 1000 + np.arange(len(school)) % 60,
            "school": school,
            "place": np.where(girls | (luck.random(len(school)) < 0.5), "girl", "boy"),
            "temp": 50 + 9 * taught + luck.normal(0, 3, len(school)),
            "left": luck.normal(5, 20, len(school)),
            "delay": luck.normal(15, 20, len(school)),
        }
    ).astype({"place": "str"})


@pytest.mark.slow
def test_batches_of_whole_groups_differ_as_groups_do(monkeypatch: pytest.MonkeyPatch) -> None:
    school = Column("school", "integer", "before", "its number", names=True)
    names = ("name", "place", "temp", "left", "delay")
    columns = [one for one in COLUMNS if one.name in names]
    about = {"COLUMNS": (*columns, school), "TIME": "", "GROUP": "school"}
    for name, value in about.items():
        monkeypatch.setattr(schema, name, value, raising=False)
    known, batches = of_schools(0, 60), [of_schools(first, 4) for first in range(60, 84, 4)]

    assert [judged(batch, known).findings for batch in batches] == [[]] * len(batches)
    assert judged(batches[0].assign(temp=50.0), known).findings[0].kind == "stuck"
    monkeypatch.setattr(schema, "GROUP", "")
    assert any(judged(batch, known).findings for batch in batches)  # as rows do, they do not


def test_of_labels_as_frequent_as_each_other_the_other_one_may_lead_in_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mixed = KNOWN.sample(frac=1, random_state=0)
    batch, known = mixed.head(1000), mixed.tail(len(mixed) - 1000)
    cut = known["temp"].quantile(0.495)

    def warm(found: pd.DataFrame) -> pd.Series:
        return (found["temp"] > cut).map({True: "warm", False: "cold"}).rename("target")

    monkeypatch.setattr(schema, "TIME", "")
    monkeypatch.setattr(schema, "LABELS", ("cold", "warm"))
    monkeypatch.setattr(schema, "read_target", warm)
    batch = batch.drop(index=batch.index[warm(batch) == "warm"][:60])

    assert warm(known).value_counts().index[0] != warm(batch).value_counts().index[0]
    assert "labels" not in [one.kind for one in judged(batch, known).findings]


def test_the_target_of_these_rows_is_read() -> None:
    assert validation.read_target(BATCH).notna().sum() > 900
