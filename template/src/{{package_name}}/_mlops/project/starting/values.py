# The template's. Nothing of yours belongs here: `start-from` runs it.
"""What do the values of a column stand for? Only what all of them say, and nothing is lost."""

import re
from dataclasses import dataclass

import pandas as pd

from ...data.dialect import MISSING_WORDS
from ...interface import Kind

# for a missing value beside numbers and times; beside texts, only words that mean nothing else
MARKS = {*MISSING_WORDS, "-", "--", "."}
SURE = {*MISSING_WORDS} - {"NA", "None"}
CODES = r"[A-Z]{2}"  # of countries or airlines, among which NA is one
TRUTHS = [("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off")]
# no number begins with a zero that something follows: 007 is a name
PLAIN = r"[-+]?(?:0|[1-9]\d*|(?:0|[1-9]\d*)?\.\d+|[1-9]\d*\.)(?:[eE][-+]?\d+)?"
COMMAS = r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+|0|[1-9]\d*)(?:\.\d+)?"  # 1,234.5
GROUPS = ".' \u00a0\u202f"  # between thousands
POINTS = rf"[-+]?(?:[1-9]\d{{0,2}}(?:[{GROUPS}]\d{{3}})+|0|[1-9]\d*)(?:,\d+)?"  # 1.234,5
SIGNS = r"^(?:[€$£¥]|USD|EUR|GBP|CHF)\s*|\s*(?:[€$£¥%]|USD|EUR|GBP|CHF)$"
# numbers that stand for a missing one, where all others are positive
SENTINELS = (-9.0, -99.0, -999.0, -9999.0, -99999.0)
SENTINEL_SHARE = 0.01
EXACT = 2**53
FORMS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%b %d %Y",
    "%d %b %Y",
)
TIME_NAME = re.compile(r"(^|_)(time|timestamp|date|datetime|ts|at|on|day|created|updated)(_|$)")
SECONDS = {"s": (1e8, 5e9), "ms": (1e11, 5e12)}  # since 1970: from 1973 to 2128
OFFSET = r"[T ]\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True)
class Written:
    """How the values of one column are written.

    Args:
        kind: What they are.
        missing: Texts that stand for no value, besides nothing.
        truth: Texts of yes and no, in this order.
        decimal: Sign before the fraction, of numbers with other signs than digits and a point.
        form: How times are written, for `pandas.to_datetime`; or "s" and "ms" since 1970.
        zone: Of times with an offset: they were converted to it.
    """

    kind: Kind
    missing: tuple[str, ...] = ()
    truth: tuple[str, ...] = ()
    decimal: str = ""
    form: str = ""
    zone: str = ""


Found = tuple[pd.Series, Written, list[str]]


def column(values: pd.Series, name: str, comma: bool) -> Found:
    """Return values with the narrowest type that loses nothing, how they were written, and notes.

    Args:
        values: As the source gives them.
        name: Its clean name.
        comma: Whether a comma may be a decimal sign: it separates nothing.

    Returns:
        Texts as `str`, yes and no as `boolean`, whole numbers as `Int64`, other numbers as
        `float64`, times as `datetime64[us]`.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean"), Written("boolean"), []
    if pd.api.types.is_datetime64_any_dtype(values):
        return moments(values)
    if pd.api.types.is_integer_dtype(values):
        return whole(values.astype("Int64"), name)
    if pd.api.types.is_float_dtype(values):
        found, said = without_sentinel(values.astype("float64"))
        return found, Written("number"), said
    known = values.dropna()
    kinds = set(known.map(type))
    if kinds and kinds <= {bool}:
        return values.astype("boolean"), Written("boolean"), []
    if kinds and all(hasattr(one, "isoformat") for one in kinds):
        times = pd.to_datetime(values, errors="coerce", utc=False)
        if times.notna().sum() == len(known) and times.dtype.kind == "M":
            return moments(times)
    texts = values.map(str, na_action="ignore").astype("str").str.strip()
    return from_text(texts.mask(texts == ""), name, comma)


def from_text(texts: pd.Series, name: str, comma: bool) -> Found:
    """Return what texts stand for: yes and no, numbers, times, or themselves."""
    used = texts.dropna().unique()
    marks = tuple(sorted(MARKS.intersection(used)))
    rest = texts.mask(texts.isin(marks))
    if rest.notna().any():
        found = truths(rest) or numbers(rest, name, comma) or times(rest, comma)
        if found:
            values, written, said = found
            return values, Written(**{**vars(written), "missing": marks}), [*missing(marks), *said]
    sure = {mark for mark in marks if mark in SURE}
    if "NA" in marks and not rest.dropna().str.fullmatch(CODES).all():
        sure.add("NA")
    words = tuple(sorted(sure))
    return texts.mask(texts.isin(words)), Written("text", words), missing(words)


def missing(marks: tuple[str, ...]) -> list[str]:
    """Say how a missing value is written."""
    return [f"missing is written as {', '.join(map(repr, marks))}"] if marks else []


def truths(texts: pd.Series) -> Found | None:
    """Return yes and no, when nothing else is said."""
    used = texts.dropna().unique()
    lower = {one.lower() for one in used}
    for yes, no in TRUTHS:
        if lower and lower <= {yes, no} and (len(lower) == 2 or yes in ("true", "yes")):
            spelled = tuple(sorted(used, key=lambda one: one.lower() != yes))
            truth = {one: one.lower() == yes for one in used}
            plain = {one.lower() for one in used} <= {"true", "false"}
            values = texts.map(truth).astype("boolean")
            said = [] if plain else [f"yes and no are written as {' and '.join(spelled)}"]
            return values, Written("boolean", truth=() if plain else spelled), said
    return None


def numbers(texts: pd.Series, name: str, comma: bool) -> Found | None:
    """Return numbers, when every text is one."""
    bare = texts.str.replace(SIGNS, "", regex=True).str.strip()
    signs = bool((bare != texts)[texts.notna()].any())
    for form, decimal in ((PLAIN, ""), (POINTS if comma else COMMAS, "," if comma else ".")):
        if not bare.dropna().str.fullmatch(form).all():
            continue
        said = []
        if signs:
            said.append("signs of money or per cent are left out: name the unit")
        if decimal:
            said.append("decimal comma" if comma else "thousands are separated by commas")
        thrown = f"[{GROUPS}]" if comma else ","
        digits = bare.str.replace(thrown, "", regex=True) if decimal else bare
        digits = digits.str.replace(",", ".") if decimal == "," else digits
        written = Written("number", decimal=decimal or ("." if signs else ""))
        if digits.dropna().str.fullmatch(r"[-+]?\d+").all():
            exact = digits.map(int, na_action="ignore")
            largest = int(exact.dropna().abs().max())
            if largest >= (EXACT if exact.isna().any() else 2**63):
                return texts, Written("text"), ["whole numbers too long for a number, kept as text"]
            values, whole_written, more = whole(exact.astype("Int64"), name)
            return (
                values,
                Written(**{**vars(whole_written), "decimal": written.decimal}),
                [*said, *more],
            )
        values, more = without_sentinel(digits.astype("object").astype("float64"))
        return values, written, [*said, *more]
    return None


def whole(values: pd.Series, name: str) -> Found:
    """Return whole numbers, or the times for which they stand."""
    known = values.dropna()
    if TIME_NAME.search(name) and len(known):
        for unit, (first, last) in SECONDS.items():
            if known.between(first, last).all():
                times = pd.to_datetime(values.astype("float64"), unit=unit).astype("datetime64[us]")
                return (
                    times,
                    Written("timestamp", form=unit, zone="UTC"),
                    [f"time is in {unit} since 1970"],
                )
    found, said = without_sentinel(values)
    return found, Written("integer"), said


def without_sentinel(values: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return numbers without one that stands for a missing value."""
    negative = set(values[values < 0].dropna().unique().tolist())
    for sentinel in SENTINELS:
        if negative == {sentinel} and (values == sentinel).mean() >= SENTINEL_SHARE:
            said = f"{sentinel:g} stands for a missing value: all other numbers are positive"
            return values.mask(values == sentinel), [said]
    return values, []


def times(texts: pd.Series, comma: bool) -> Found | None:
    """Return times, when every text is one that is written in the same way."""
    known = texts.dropna()
    if not known.str.contains(r"\d").all() or known.str.len().max() > 40:
        return None
    if known.str.contains(OFFSET).all():
        found = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
        if found[known.index].notna().all():
            return moments(found)
    fitting = []
    for form in ("ISO8601", *FORMS):
        if form == "ISO8601" and not known.str.match(r"\d{4}-\d\d-\d\d").all():
            continue
        found = pd.to_datetime(texts, errors="coerce", format=form)
        if found[known.index].notna().all():
            fitting.append(form)
    if not fitting:
        return None
    day_first = [form for form in fitting if form.startswith("%d")]
    form = day_first[0] if comma and day_first else fitting[0]
    said = [] if form in ("ISO8601", "%Y-%m-%d") else [f"time is written as {form}"]
    if len(fitting) > 1 and "/" in form:
        said.append(f"{fitting[1]} would fit as well: look at a day after the 12th")
    values = pd.to_datetime(texts, format=form).astype("datetime64[us]")
    return values, Written("timestamp", form=form), said


def moments(values: pd.Series) -> Found:
    """Return times without a zone: those with one are converted to UTC."""
    zone = "UTC" if isinstance(values.dtype, pd.DatetimeTZDtype) else ""
    said = ["times have an offset, and are converted to UTC"] if zone else []
    if zone:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.astype("datetime64[us]"), Written("timestamp", zone=zone), said
