# The template's. Nothing of yours belongs here: `start-from` runs it.
"""What is each column of a table good for? A proposal with a reason, for a person to look at."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal
from unicodedata import category, normalize

import pandas as pd

from ...errors import WrongInput, counted, did_you_mean, first_of
from ...interface import Kind
from .hints import MOST_OF_THING, hints
from .leaks import LOOKED_AT, MANY, filled_with, find_leaks, named_so, percent
from .naming import clean_names
from .source import Source
from .values import EMAIL, LIKE_A_TIME, MOST, PLAIN, Written, years

Role = Literal[
    "feature",
    "text",
    "group",
    "target",
    "time",
    "key",
    "identifier",
    "personal",
    "leak",
    "constant",
    "empty",
    "dropped",
]
LEARNED_FROM = ("feature", "text", "time")
NONE = "none"  # in place of a name: there is no such column, whatever it looks like
FEWEST = 40  # rows of which a model can be made at all
FEWEST_OF_LABEL = 10  # of which some are held out
# labels with an order, which no model here would know of
SCALES = [
    {"very low", "low", "medium", "middle", "moderate", "high", "very high"},
    {"very small", "small", "medium", "large", "very large"},
    {"very bad", "bad", "poor", "fair", "average", "good", "very good", "excellent"},
    {"strongly disagree", "disagree", "neutral", "agree", "strongly agree"},
    {"never", "rarely", "sometimes", "often", "always"},
]
MOST_LABELS = 50
FEW_NUMBERS = 10  # different whole numbers that may be labels
LONGEST_KEY = 40  # letters
UNIQUE = 0.95  # share of different values from which a text names its row
WORDS = 3  # in the mean, from which a text is free text
IMBALANCE = 0.1
LABEL_NAME = re.compile(
    r"(^|_)(class|label|species|category|type|target|grade|survived|status|outcome|diagnosis|"
    r"choice|mode|vote|event|cluster|segment|group|kind)(_?\d*)(_|$)"
)
KEY_NAME = re.compile(
    r"(^|_)(id|key|no|nr|number|sno|obs|uuid|guid|index|code|ref|[pu]id|row_?names?|"
    r"(user|cust|customer|order|row|patient|subj)id)(_|$)|^unnamed|^column_1$"
)
PERIOD_NAME = re.compile(r"(^|_)(year|yr|quarter|month|week|day|date|hour|time|period)(_|$)")
ID_NAME = re.compile(
    r"(^|_)(p|u|h|hh|sch|school|stud|student|study|pat|patient|subj|usubj|case|child|fam|person|"
    r"user|cust|customer|order|prod|product|item|unit|firm|town|county|geo)?"
    r"id(_?(no|nr|num|number|code|str|case))?$"
)
PERSON_NAME = re.compile(
    r"(^|_)(e_?mail|phone|telephone|mobile|address|street|birth|birthday|birthdate|dob|ssn|"
    r"passport|iban|first_?name|last_?name|surname|full_?name|name|ip)(_|$)"
)
NAMED = "its name says 'name'"
LONG_NUMBER_NAME = re.compile(r"(^|_)(phone|telephone|mobile|ssn|passport|ip|birth)(_|$)")
THING_NAME = re.compile(
    r"(product|item|file|country|city|company|brand|car|model|station|state|region|continent|"
    r"team|school|category|group|department|district|county|species|store|site|business|shop|"
    r"restaurant|hotel|bank|vendor|supplier|merchant|organi[sz]ation|event|project|course|plan|"
    r"device|sensor|plant|game|movie|song|drug|table|field|job|entity|institution|agency|provider|"
    r"facility|hospital|university|college|manufacturer|mfr|maker|make|brand|model|track|album|"
    r"venue|stadium|place|town|village|river|lake|airport|airline|metro|inst|institute|animal|"
    r"pet|dog|cat|horse|breed|clinic|(?<![a-z])ward|office|branch|center|centre|building|road|route|"
    r"study|program|campaign|channel|club|league|storm|hurricane|ship|vessel|boat|book|dish|food)(_name|s_name)|"
    r"^name_of_(?!the_person|person|patient|customer|client|employee|contact)"
)
PHONE = r"\+?[\d ()/-]{7,20}"
NUMBERED, MOST_NUMBERED = 0.1, 0.9  # share of the names of things that hold a number
DENSE = 0.05  # share of all numbers between the first and the last from which they are counted up
NEGATIVE = (
    "no",
    "nein",
    "non",
    "nee",
    "false",
    "0",
    "n",
    "f",
    "negative",
    "none",
    "control",
    "healthy",
    "normal",
    "benign",
)
FEW_OF_BIRTH = 20  # different values: in no table was everybody born on a few days
FEW_PHONES = 20  # different values, in a longer table: classes or years with two numbers each
POSITIVE = (
    *("yes", "true", "1", "y", "t", "ja", "oui", "si", "sí"),
    *("positive", "churned", "late", "fraud", "default"),
)


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    Args:
        name: Its clean name.
        kind: What its values are.
        missing: Share of rows without a value.
        distinct: Number of different values.
        low: Smallest number; nothing for other kinds.
        high: Largest number.
        role: What it is proposed for.
        reason: Why.
        examples: Some values, of times the first and the last; none of a personal column.
    """

    name: str
    kind: Kind
    missing: float
    distinct: int
    low: float | None
    high: float | None
    role: Role
    reason: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """A table.

    Args:
        columns: In the order of the table.
        target: What is predicted.
        labels: Its values as texts; none when it is a number.
        positive: Of two labels the one to find.
        time: Column that orders rows; "" for none.
        key: Columns that name a row; none when no column does.
        group: Column whose rows belong together; "" for none.
        rows: Number of rows.
        warnings: What a person should know before going on.
    """

    columns: tuple[ColumnProfile, ...]
    target: str
    labels: tuple[str, ...]
    positive: str
    time: str
    key: tuple[str, ...]
    group: str
    rows: int
    warnings: tuple[str, ...]


def profile(
    source: Source,
    target: str,
    *,
    time: str = "",
    key: tuple[str, ...] = (),
    group: str = "",
    positive: str = "",
    drop: tuple[str, ...] = (),
) -> Profile:
    """Look at each column, and propose what it is good for.

    Args:
        source: The table.
        target: What is predicted; this and all other names as the source or the table spells them.
        time: When a row came about, or "none"; found when one time orders the rows.
        key: What names a row; found when a column does.
        group: Whose rows stay on one side of a split.
        positive: Of two labels the one to find.
        drop: What to leave out.

    Raises:
        WrongInput: If a name is unknown, or the target is nothing to learn.
    """
    named = Names(source)
    if not target:
        raise WrongInput("--target names no column", did_you_mean("", source.rows))
    target, group = named.one(target), named.one(group)
    time = time if time == NONE else named.one(time)
    key, drop = tuple(map(named.one, key)), tuple(map(named.one, drop))
    rows = source.rows
    require_learnable(rows, target)
    labels = find_labels(rows[target], source.written[target], target)
    y = as_labels(rows[target], source.written[target]) if labels else rows[target]
    time = (
        ""
        if time == NONE
        else time or find_time(rows, [name for name in rows if name not in (target, *drop)])
    )
    if time and source.written[time].kind != "timestamp":
        raise WrongInput(f"--time {time} holds no times", f"it is {source.written[time].kind}")
    if time and rows[time].isna().any():
        raise WrongInput(
            f"--time {time} is missing in {counted(int(rows[time].isna().sum()), 'row')}",
            "drop them",
        )
    given = {target: "target", time: "time", group: "group", **dict.fromkeys(drop, "dropped")}
    require_one_role(
        {
            "--target": (target,),
            "--time": (time,),
            "--group": (group,),
            "--key": key,
            "--drop": drop,
        }
    )
    key = tuple(dict.fromkeys(key)) or find_key(rows, [n for n in rows if n not in given])
    given |= dict.fromkeys(key, "key")
    if key and (gaps := int(rows[list(key)].isna().any(axis="columns").sum())):
        message = f"--key {','.join(key)} is missing in {counted(gaps, 'row')}"
        raise WrongInput(message, "leave these rows out, or --key")
    if key and rows.duplicated(list(key)).any():
        again = int(rows.duplicated(list(key)).sum())
        raise WrongInput(
            f"--key {','.join(key)}: {counted(again, 'row repeats', 'rows repeat')} a key",
            "leave --key out",
        )
    known = y.notna()
    others = [name for name in rows if name not in given]
    suspects = list(filled_with(rows, y, others))
    others = [name for name in others if name not in {one for one, _, _ in suspects}]
    suspects += find_leaks(rows[known], y[known], labels, others)
    leaks = {name: why for name, why, sure in suspects if sure}
    columns = tuple(look(source, name, given.get(name, ""), leaks.get(name, "")) for name in rows)
    learned = [column.name for column in columns if column.role in LEARNED_FROM]
    unsaid = [name for name in learned if name not in {one for one, _, _ in suspects}]
    two = labels if len(labels) == 2 else ()
    return Profile(
        columns=columns,
        target=target,
        labels=labels,
        positive=find_positive(y, two, positive, rows[target]),
        time=time,
        key=key,
        group=group,
        rows=len(rows),
        warnings=(
            *warnings(rows, columns, y, labels),
            *hints(rows, columns, time, group),
            *(
                f"{name} {why}: is it known in time? else --drop {name}"
                for name, why, sure in suspects
                if not sure and name in learned
            ),
            *(
                f"named {how}: {first_of(names, ', ')}; known in time? "
                f"else --drop {','.join(names)}"
                for names, how in named_so(unsaid, target)
            ),
        ),
    )


def with_years(source: Source, time: str) -> Source:
    """Return a table in which the years of this column are times, where it holds years."""
    name = "" if time == NONE else Names(source).one(time)
    if (
        not name
        or source.written[name].kind != "integer"
        or not (found := years(source.rows[name]))
    ):
        return source
    values, written, said = found
    return replace(
        source,
        rows=source.rows.assign(**{name: values}),
        written={**source.written, name: written},
        notes=(*source.notes, f"{name}: {said[0]}"),
    )


def require_one_role(asked: dict[str, tuple[str, ...]]) -> None:
    """Raise `WrongInput` when a column that is predicted or left out is something else too."""
    for (option, names), (other, more) in combinations(asked.items(), 2):
        both = set(names) & set(more) - {""}
        if both and {option, other} & {"--target", "--drop"}:
            raise WrongInput(f"{option} and {other} both name {min(both)!r}", "choose one")


class Names:
    """The names of a table, as it or its source spells them."""

    def __init__(self, source: Source) -> None:
        self.known = list(source.rows)
        self.original = {old: new for new, old in source.names.items()}
        self.cleaned = set(source.names)

    def one(self, name: str) -> str:
        """Return the clean name; `WrongInput` for an unknown one."""
        if not name or name in self.known:
            return name
        if name in self.original:
            return self.original[name]
        if (cleaned := clean_names([name])[0]) in self.known:
            return cleaned
        spelled = [*self.original, *(one for one in self.known if one not in self.cleaned)]
        close = did_you_mean(name, spelled)
        raise WrongInput(f"there is no column {name!r}", close)


def require_learnable(rows: pd.DataFrame, target: str) -> None:
    """Raise `WrongInput` when there is nothing to learn from, or nothing to learn."""
    known = rows[target].dropna()
    if len(known) < FEWEST:
        have = counted(len(known), "row has", "rows have")
        message = f"{have} a value of {target!r}; expected {FEWEST} or more"
        raise WrongInput(message, "with fewer rows no model can be told from guessing")
    if known.nunique() < 2:
        same = f"{target!r} is {str(known.iloc[0])!r}"
        lacking = counted(len(rows) - len(known), "row")
        hint = f"{lacking} without a value are left out: if they say no, write no"
        message = f"{same} in all {len(known)} rows: nothing to learn"
        raise WrongInput(message, hint if len(rows) > len(known) else "")
    if rows.shape[1] < 2:
        raise WrongInput(f"{target!r} is the only column: nothing to learn from")


def as_labels(values: pd.Series, written: Written) -> pd.Series:
    """Return the values of a target as texts: as they were written, and no 1.0 for a 1."""
    if written.kind == "boolean":
        spelled = {said: text.lower() for text, said in written.truth.items()}
        return values.map({True: "yes", False: "no", **spelled})
    if written.kind == "number":
        values = values.astype("Int64")
    return values.map(str, na_action="ignore")


def find_labels(values: pd.Series, written: Written, name: str) -> tuple[str, ...]:
    """Return the labels of a target; none for a number.

    Raises:
        WrongInput: For a time, or for more labels than a model can tell.
    """
    known, kind = values.dropna(), written.kind
    if kind == "timestamp":
        raise WrongInput(f"{name!r} holds times; expected labels or a number", "make it days until")
    if not holds_labels(known, written, name):
        return ()
    counts = known.value_counts()
    several = [one for one in known if ";" in one or "|" in one] if kind == "text" else []
    if len(several) > 0.2 * len(known):
        raise WrongInput(
            f"{name!r} holds several labels in one value, such as {several[0][:40]!r}",
            "multi-label targets are not supported: make one column a label",
        )
    if len(counts) > MOST_LABELS:
        message = f"{name!r} has {len(counts)} labels; expected at most {MOST_LABELS}"
        raise WrongInput(message, "is it free text, or does it name something?")
    for one, other in combinations(sorted(map(str, counts.index)), 2):
        if bare(one) == bare(other):
            message = f"labels {one!r} and {other!r} of {name!r} are one word, spelled in two ways"
            raise WrongInput(message, "spell them alike")
    if counts.min() < FEWEST_OF_LABEL:
        rare = f"label {str(counts.idxmin())!r} of {name!r} has {counted(int(counts.min()), 'row')}"
        message = f"{rare}; expected {FEWEST_OF_LABEL} or more"
        raise WrongInput(message, "join rare labels, or leave these rows out")
    spelled = {str(one).lower().replace("_", " ") for one in counts.index}
    if len(spelled) > 2 and any(spelled <= scale for scale in SCALES):
        message = f"{name!r} is an ordered scale ({', '.join(sorted(spelled))})"
        raise WrongInput(f"{message}: such targets are not supported", "make it a number")
    return tuple(dict.fromkeys(as_labels(known.sort_values(), written)))


def holds_labels(known: pd.Series, written: Written, name: str) -> bool:
    """Say whether values are labels: all but numbers, of which two are, or few so named."""
    if written.kind not in ("integer", "number"):
        return True
    few = known.nunique() == 2 or (known.nunique() <= FEW_NUMBERS and LABEL_NAME.search(name))
    return bool(few and (known % 1 == 0).all())


def bare(label: str) -> str:
    """Return a label without what no reader looks at: case, spaces, signs that nobody sees."""
    seen = "".join(one for one in normalize("NFKC", label) if category(one) != "Cf")
    return " ".join(seen.casefold().split())


def find_positive(values: pd.Series, labels: tuple[str, ...], asked: str, given: pd.Series) -> str:
    """Return the label to find, of two: the one asked for, one like yes, or the rarer one.

    It may be asked for as the file spells it: as True, which is yes, or as 1.0.
    """
    spelled = {label.lower(): label for label in labels}
    if asked and asked not in labels and len(spelled) == len(labels):
        first = values[given.notna() & ~given.duplicated()]
        spelled |= {str(given[place]).lower(): label for place, label in first.items()}
        asked = spelled.get(asked.lower(), asked)
    if asked and asked not in labels:
        found = f"the labels are {', '.join(labels)}" if labels else "there are not two labels"
        raise WrongInput(f"--positive is {asked!r}, but {found}")
    if asked or not labels:
        return asked
    like_yes = [label for label in labels if label.lower() in POSITIVE]
    like_no = [label for label in labels if label.lower() in NEGATIVE]
    if not like_yes and len(like_no) == 1:
        like_yes = [label for label in labels if label not in like_no]
    counts = values.dropna().value_counts()
    return like_yes[0] if len(like_yes) == 1 else str(counts.idxmin())


def find_time(rows: pd.DataFrame, names: list[str]) -> str:
    """Return the only time that is never missing, or the one by which rows are sorted."""
    times = [n for n in names if rows[n].dtype.kind == "M" and rows[n].notna().all()]
    times = [name for name in times if not is_personal(name, rows[name])]  # a day of birth
    varied = [name for name in times if rows[name].nunique() >= max(5, len(rows) // 1000)]
    sorted_by = [name for name in varied if rows[name].is_monotonic_increasing]
    for found in (sorted_by, varied):
        if len(found) == 1:
            return found[0]
    return sorted_by[0] if sorted_by else ""


def find_key(rows: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """Return the first column that names each row: never missing, never twice, no measurement."""
    for name in names:
        values = rows[name]
        counts = pd.api.types.is_integer_dtype(values)
        if not (counts or values.dtype == "str") or values.isna().any() or not values.is_unique:
            continue
        steps = counts and counts_rows(values) and not PERIOD_NAME.search(name)
        short = (
            not counts
            and values.str.len().max() <= LONGEST_KEY
            and words_in(values) < WORDS
            and values.head(LOOKED_AT).str.fullmatch(PLAIN).mean() < MOST
        )
        like_a_key = KEY_NAME.search(name) or steps or short
        if like_a_key and not is_personal(name, values):
            return (name,)
    return ()


def counts_rows(values: pd.Series) -> bool:
    """Say whether whole numbers, all different, count: in ones, or from 0 or 1 with gaps.

    Those in no order are ranks of something.
    """
    if not (values.is_monotonic_increasing or values.is_monotonic_decreasing):
        return False
    ordered = values.astype("int64").sort_values()
    span = int(ordered.iloc[-1]) - int(ordered.iloc[0]) + 1
    gaps = ordered.iloc[0] in (0, 1) and 2 * len(values) >= span
    return bool(span == len(values) or gaps)


def is_personal(name: str, values: pd.Series) -> str:
    """Return why a column says something about a person, or nothing."""
    if why := holds_addresses(values):
        return why
    high = float(values.max()) if values.dtype.kind in "iuf" else None
    if (found := PERSON_NAME.search(name)) and not harmless(name, int(values.nunique()), high):
        return "" if name == "name" and name_things(values) else f"its name says {found[2]!r}"
    return ""


def name_things(values: pd.Series) -> bool:
    """Say whether names are such as datsun 510: some hold a word and a number, as no person's.

    Nor do all of them: people who stay unknown are Customer 1 and Customer 2.
    """
    known = values.dropna().drop_duplicates().astype("str")
    numbered = float(known.str.contains(r" \S*\d|\d\S* ").mean()) if len(known) else 0.0
    return NUMBERED <= numbered <= MOST_NUMBERED


def harmless(name: str, distinct: int, high: float | None) -> bool:
    """Say whether a column of such a name tells of no person.

    It names things, is yes or no, or has numbers too short to be those of a person.
    """
    short = high is not None and high < 100_000 and LONG_NUMBER_NAME.search(name)
    few = FEW_OF_BIRTH if re.search(r"(^|_)birth(_|$)", name) else 2  # its outcome, or its country
    return distinct <= few or bool(short or THING_NAME.search(name))


def holds_addresses(values: pd.Series) -> str:
    """Return by which values a column says how to reach a person, or nothing."""
    if values.dtype != "str":
        return ""
    known = values.dropna().head(LOOKED_AT)
    if len(known) and known.str.fullmatch(EMAIL).mean() > 0.5:
        return "it holds e-mail addresses"
    if known.nunique() <= FEW_PHONES < len(known) / 2:
        return ""
    digits = known.str.count(r"\d").between(7, 15) & known.str.fullmatch(PHONE)
    digits &= ~known.str.fullmatch(LIKE_A_TIME)
    like_one = len(known) and digits.mean() > 0.8 and known.str.contains(r"[+ ()/-]").mean() > 0.5
    return "it holds telephone numbers" if like_one and not counted_up(values.dropna()) else ""


def counted_up(texts: pd.Series) -> bool:
    """Say whether numbers such as 2015-000001 come of counting, as those of telephones do not."""
    if texts.str.contains(r"[+()]").any():
        return False
    parts = texts.drop_duplicates().str.extract(r"^(.*?)(\d+)\D*$")
    last = pd.to_numeric(parts[1], errors="coerce").astype("float64")
    spans = last.groupby(parts[0]).agg(["min", "max", "count"])
    dense = spans["count"].sum() >= DENSE * (spans["max"] - spans["min"] + 1).sum()
    return bool(dense and len(spans) <= DENSE * len(last))  # not each one with a start of its own


def look(source: Source, name: str, given: str, leak: str) -> ColumnProfile:
    """Return the profile of one column."""
    values, kind = source.rows[name], source.written[name].kind
    known = values.dropna()
    distinct = int(known.nunique())
    role, reason = judged(name, values, kind, distinct, given, leak)
    numeric = kind in ("integer", "number") and len(known) > 0
    shown = [known.min(), known.max()] if kind == "timestamp" else known.drop_duplicates().head(3)
    shown = shown if role != "personal" and len(known) else []
    return ColumnProfile(
        name=name,
        kind=kind,
        missing=float(values.isna().mean()),
        distinct=distinct,
        low=float(known.min()) if numeric else None,
        high=float(known.max()) if numeric else None,
        role=role,
        reason=reason,
        examples=tuple(str(one).removesuffix(" 00:00:00")[:24] for one in shown),
    )


def words_in(texts: pd.Series) -> float:
    """Return how many words a text has in the mean."""
    return float(texts.dropna().head(LOOKED_AT).str.count(r"\S+").mean())


def judged(
    name: str, values: pd.Series, kind: Kind, distinct: int, given: str, leak: str
) -> tuple[Role, str]:
    """Return what a column is proposed for, and why."""
    if given in ("key", "group") and (why := holds_addresses(values)):
        return "personal", why
    if given:
        return given, REASONS[given]  # type: ignore[return-value]
    if distinct == 0:
        return "empty", "no row has a value"
    if distinct == 1 and values.notna().all():
        return "constant", "it is the same in all rows"
    if why := is_personal(name, values):
        return "personal", why
    if leak:
        return "leak", leak
    rows = int(values.notna().sum())
    if kind == "text" and distinct > MANY:
        words = words_in(values)
        if words >= WORDS:
            return "text", f"{words:.0f} words in the mean, {distinct:,} different"
        if distinct >= UNIQUE * rows:
            return "identifier", f"{distinct:,} different values in {rows:,} rows"
    whole = kind == "integer" or (kind == "number" and bool((values.dropna() % 1 == 0).all()))
    if whole and distinct == rows and rows > MANY:
        if KEY_NAME.search(name):
            return "identifier", "it is different in each row, and named like a number of it"
        if counts_rows(values.dropna()) and not PERIOD_NAME.search(name):
            return "identifier", "it counts the rows"
    named = whole or (kind == "text" and MOST_OF_THING * distinct > rows)
    if named and distinct > MANY and ID_NAME.search(name):
        return "identifier", "it is named like a number of something"
    if distinct == 1:
        return "feature", "a value or none"
    return "feature", {"timestamp": "its parts: year, month, weekday, hour"}.get(kind, "")


REASONS = {
    "target": "what is predicted",
    "time": "when a row came about",
    "key": "it names each row",
    "group": "its rows stay together",
    "dropped": "as asked",
}


def warnings(
    rows: pd.DataFrame,
    columns: tuple[ColumnProfile, ...],
    y: pd.Series,
    labels: tuple[str, ...],
) -> Iterator[str]:
    """Give what a person should know."""
    if missing := int(y.isna().sum()):
        yield f"{counted(missing, 'row has', 'rows have')} no {y.name}: left out of training"
    inputs = [one.name for one in columns if one.role in LEARNED_FROM]
    if again := int(rows[[*inputs, str(y.name)]].duplicated().sum()):
        are = counted(again, "row is", "rows are")
        yield f"{are} the same as another one in all that is learned from"
    if labels:
        shares = y.dropna().value_counts(normalize=True)
        if shares.min() < IMBALANCE:
            rare = f"label {shares.idxmin()!r} has {percent(shares.min())} of the rows"
            yield f"{rare}: look at its own precision and recall"
    elif y.nunique() <= FEW_NUMBERS:
        few = f"{y.name} has {y.nunique()} different numbers"
        yield f"{few} and is predicted as a number: write them as text to predict labels"
    if len(rows) < 500:
        yield f"{len(rows)} rows are few: intervals are wide"
    for one in columns:
        if one.role in ("leak", "personal"):
            thing = "; one of a thing says so, as product_name" if one.reason == NAMED else ""
            yield f"{one.name} is no feature: {one.reason}{thing}"


def table(found: Profile) -> str:
    """Return the proposal as a table for a terminal, 100 letters wide."""
    from rich.console import Console
    from rich.table import Table

    shape = (
        "a number" if not found.labels else f"{len(found.labels)} labels: {', '.join(found.labels)}"
    )
    drawn = Table(
        title=f"{found.rows:,} rows; {found.target} is {shape[:60]}", title_justify="left"
    )
    for name in ("column", "kind", "missing", "values", "range", "proposed", "because"):
        drawn.add_column(name, overflow="fold")
    for one in found.columns:
        between = " to " if one.kind == "timestamp" else ", "
        span = f"{one.low:g} to {one.high:g}" if one.low is not None else between.join(one.examples)
        drawn.add_row(
            one.name,
            one.kind,
            f"{percent(one.missing)}",
            f"{one.distinct:,}",
            span,
            one.role,
            one.reason,
        )
    page = Console(file=io.StringIO(), width=100, color_system=None)
    page.print(drawn)
    assert isinstance(page.file, io.StringIO)
    return page.file.getvalue().rstrip()
