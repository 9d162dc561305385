# The template's. Nothing of yours belongs here: `start-from` runs it.
"""What do the values of a column stand for? Only what all of them say, and nothing is lost."""

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from ...data import tables
from ...data.dialect import MISSING_WORDS
from ...interface import Kind

# for a missing value beside numbers and times; beside texts, only words that mean nothing else
INFINITE = {
    f"{sign}{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF", "Infinity")
}
ERRORS = {"#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"}  # of spreadsheets
NO_DAYS = {f"{day}{time}" for day in ("0000-00-00", "9999-12-31") for time in ("", " 00:00:00")}
MARKS = {*MISSING_WORDS, *INFINITE, *ERRORS, *NO_DAYS, "-", "--", ".", "..", "...", "(blank)"}
SURE = {*MISSING_WORDS, *ERRORS} - {"NA", "None"}
CODES = r"[A-Z]{2}"  # of countries or airlines, among which NA is one
MOST_SPELLINGS = 12  # of yes and no
TRUTHS = [({"true", "t"}, {"false", "f"}), ({"yes", "y"}, {"no", "n"}), ({"on"}, {"off"})]
SAID = {"true", "false", "yes", "no"}  # which alone stand for nothing else
# no number begins with a zero that something follows: 007 is a name
PLAIN = r"[-+]?(?:0|[1-9]\d*|(?:0|[1-9]\d*)?\.\d+|[1-9]\d*\.)(?:[eE][-+]?\d+)?"
SPACES = "'\u2019 \u00a0\u2009\u202f"  # between thousands, besides points and commas
MINUS = "\u2212"  # as it is printed
NEGATIVE = r"^\((.+)\)$|^([^-]*\d)-$"  # (5) in accounts, and 5- of old machines
GROUPED = r"[-+]?(?:[1-9]\d{{0,2}}(?:[{0}]\d{{3}})+|0|[1-9]\d*{2})(?:{1}\d+)?"
COMMAS = GROUPED.format(f",{SPACES}", r"\.", r"|[1-9]\d?(?:,\d\d)+,\d{3}")  # 1,234.5, 1,23,456
POINTS = GROUPED.format(f".{SPACES}", ",", "")  # 1.234,5
MONEY = r"(?:[A-Z]{0,3}[€$£¥₹₽₩₺]|USD|EUR|GBP|CHF|Rs\.?)"
UNIT = r"°?[^\W\d_][^\d,;.+-]{0,11}|['\"°]"  # after a number: kg, mph, m/s, sq ft
BEFORE, AFTER = rf"^([-+]?)\s*({MONEY})\s*", rf"\s*({MONEY}|%)$"
MOST = 0.5  # share of numbers or times from which a text is said not to be all of them
FIRST = 1_000  # values by which most forms of times are ruled out
PART = 200_000  # texts of which objects are made at once
ENDS = 20_000  # rows at each end that are looked at, where all would take long
EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"
MASK = "(e-mail)"  # in place of one within a text
LIKE_A_TIME = r"\d{4}-\d\d-\d\d.*|\d{1,2}([./-])\d{1,2}\1\d{2,4}(?!\.?\d).*"  # no address
# numbers that stand for a missing one, where all others are positive
SENTINELS = (-9.0, -99.0, -999.0, -9999.0, -99999.0)
SENTINEL_SHARE = 0.01
EXACT = 2**53
FORMS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%y %H:%M",
    "%d/%m/%y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%Y-%m",
    "%m/%Y",
    "%b %Y",
    "%B %Y",
    "%Y %b",
    "%Y %B",
    "%b-%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d-%B-%Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%y %I:%M %p",
    "%d/%m/%Y %I:%M %p",
    "%d-%b-%Y %H:%M:%S",
    "%A, %B %d, %Y",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S +0000 %Y",
    "%G-W%V-%u",
)
DAY_NUMBER, YEAR = "%Y%m%d", "%Y"
WEEK = r"\d{4}-W\d\d"  # of which its Monday is taken
CLOCK = r"\d+:[0-5]\d:[0-5]\d(?:\.\d+)?"  # hours, minutes and seconds, or a time of day
SPAN = r"\d+(?:\.\d+)?\s*(?:days?|h|hr|hours?|m|min|minutes?|s|sec|seconds?)"  # as pandas reads it
LASTED = rf"{SPAN}(?:,?\s*{SPAN})*"
# what may stand for more than one thing, or is not read
ASKED = {
    r"\d+:[0-5]\d": "is {} in hours and minutes, or minutes and seconds?",
    r"\d{1,2}/\d{1,2}": "is {} a fraction, or a day of a month?",
    r"\d{4}[ -]?Q[1-4]|Q[1-4][ /-]?\d{4}": "{} is a quarter: write its first day for a time",
    r"\d{4}[ -]?[WK]W?\d{1,2}|[WK]W? ?\d{1,2}[ /-]\d{4}": (
        "{} is a week: write its first day for a time"
    ),
    r"\d{1,2}\.? [^\s\d.,:;/-]{3,12}\.? \d{4}": (
        "months of {} are read in English only: write 2024-03-01"
    ),
}
# no 2nd, and no 2 pm
WITH_UNIT = r"^[\d.,]*\d(?: | ?(?=[A-Za-z]{2}))(?!(?:[snr][td]|th|[AaPp][Mm])$)([A-Za-z]{1,7})$"
FEW_UNITS = 5
NO_CENTS = "[.,][-\u2013\u2014]+$"  # as in 1'234.-
FEWEST_DAYS = 20  # different numbers that are all days, from which that is no chance
TIME_NAME = re.compile(r"(^|_)(time|timestamp|date|datetime|ts|at|on|day|created|updated)(_|$)")
SECONDS = {"s": (1e8, 5e9), "ms": (1e11, 5e12)}  # since 1970: from 1973 to 2128
EXCEL_DAYS = (25_569, 73_050)  # since 1900: from 1970 to 2099
SECONDS_OF = "hours, minutes and seconds are taken as seconds"
OFFSET = r"[T ]\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True)
class Written:
    """How the values of one column are written.

    Args:
        kind: What they are.
        missing: Texts, or numbers, that stand for no value, besides nothing.
        truth: What each text of yes and no says.
        spelled: The usual spelling of labels that are spelled in more than one way.
        decimal: Sign before the fraction, of numbers with other signs than digits and a point.
        form: How times are written, for `pandas.to_datetime`; or "s" and "ms" since 1970.
        lasts: Whether numbers are seconds of what was written as hours, minutes and seconds.
        negative: Whether a number below zero is written in another way than by a minus before it.
        unit: Word after each number, which was left out.
        zone: Of times with an offset: they were converted to it.
        spaces: Whether spaces stand around texts; they were left out.
        mails: Whether e-mail addresses stand within texts; they were left out.
    """

    kind: Kind
    missing: tuple[str | float, ...] = ()
    truth: dict[str, bool] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    decimal: str = ""
    unit: str = ""
    form: str = ""
    zone: str = ""
    spaces: bool = False
    mails: bool = False
    lasts: bool = False
    negative: bool = False


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
    if pd.api.types.is_timedelta64_dtype(values):
        return values.dt.total_seconds(), Written("number", lasts=True), [SECONDS_OF]
    if pd.api.types.is_integer_dtype(values) and not (values.dropna() >= 2**63).any():
        return with_missing(values, whole(values.astype("Int64"), name))
    if pd.api.types.is_float_dtype(values):
        found, said = without_sentinel(values.astype("float64"))
        return with_missing(values, (found, Written("number"), said))
    known = values.dropna()
    kinds = set(known.map(type))
    if kinds and kinds <= {bool}:
        return values.astype("boolean"), Written("boolean"), []
    if kinds and all(hasattr(one, "isoformat") for one in kinds):
        times = moments_of(values)
        if times.notna().sum() == len(known) and times.dtype.kind == "M":
            return moments(times)
    given = values
    if values.dtype != "str":
        given = values.map(str, na_action="ignore").astype("str")
    texts = given.str.strip()
    values, written, said = from_text(texts.mask(texts == ""), name, comma)
    spaces = bool((given != texts)[given.notna()].any())
    return values, replace(written, spaces=spaces), said


def from_text(texts: pd.Series, name: str, comma: bool) -> Found:
    """Return what texts stand for: yes and no, numbers, times, or themselves."""
    marked = texts.isin(MARKS)
    marks = tuple(sorted(texts[marked].unique()))
    rest = texts.mask(marked)
    more: list[str] = []
    if rest.notna().any():
        found = (
            truths(rest)
            or numbers(rest, name, comma)
            or times(rest, comma)
            or durations(rest)
            or measured(rest, name, comma)
        )
        if found:
            values, written, said = with_missing(rest, found)
            words = tuple(dict.fromkeys([*marks, *written.missing]))
            return values, replace(written, missing=words), [*missing(marks), *said]
        more = nearly(rest.dropna())
    sure = {mark for mark in marks if mark in SURE}
    if "NA" in marks and not rest.dropna().str.fullmatch(CODES).all():
        sure.add("NA")
    gone = tuple(sorted(sure))
    kept, written = texts.mask(texts.isin(gone)), Written("text", gone)
    if mails_within(kept):
        kept, written = kept.str.replace(EMAIL, MASK, regex=True), replace(written, mails=True)
        more = [*more, f"e-mail addresses within texts become {MASK}"]
    return kept, written, [*missing(gone), *more]


def mails_within(texts: pd.Series) -> bool:
    """Say whether some texts hold an e-mail address, which `validate` would refuse.

    A column of nothing else is one to reach people by, and no text.
    """
    like_some = texts.str.contains("@", regex=False).any() and texts.str.contains(EMAIL).any()
    return bool(like_some and texts.dropna().head(FIRST).str.fullmatch(EMAIL).mean() <= MOST)


def with_missing(given: pd.Series, found: Found) -> Found:
    """Add what stood for a missing value to what is known about a column: -999 or an infinity."""
    values, written, said = found
    gone = given[given.notna() & values.isna()].unique().tolist()
    return values, replace(written, missing=(*written.missing, *gone)), said


def durations(texts: pd.Series) -> Found | None:
    """Return the seconds of texts such as 1:20:00 or 1h 20m, when every text is one.

    Those of one part alone, such as 5 m, may be a length.
    """
    known = texts.dropna()
    in_words = known.str.fullmatch(LASTED).all() and known.str.fullmatch(SPAN).mean() < 1
    if not (in_words or known.str.fullmatch(CLOCK).all()):
        return None
    seconds = pd.to_timedelta(texts.astype("str"), errors="coerce").dt.total_seconds()
    return seconds, Written("number", lasts=True), [SECONDS_OF]


def nearly(known: pd.Series) -> list[str]:
    """Say that most texts are numbers or times, and which one is not; nothing about others."""
    if len(known) > 2 * ENDS:
        known = pd.concat([known.head(ENDS), known.tail(ENDS)])
    for form, said in ASKED.items():
        if len(known) and known.str.fullmatch(form).all():
            return [f"kept as text: {said.format(repr(str(known.iloc[0])))}"]
    units = known.str.extract(WITH_UNIT)[0]
    if units.notna().all() and 2 <= units.nunique() <= FEW_UNITS:
        two = " and ".join(repr(str(one)) for one in known[~units.duplicated()].head(2))
        return [f"kept as text: are {two} numbers with units? write all in one unit"]
    bare = known.str.replace(BEFORE, r"\1", regex=True).str.replace(AFTER, "", regex=True)
    bare = bare.str.replace(rf"([.,]\d+)\s*{UNIT}$", r"\1", regex=True)
    bare = bare.str.replace(NO_CENTS, "", regex=True)
    for what, like in (("numbers", f"{PLAIN}|{COMMAS}|{POINTS}"), ("times", LIKE_A_TIME)):
        fits = bare.str.fullmatch(like)
        if fits.all() and len(known):
            return [f"kept as text: its {what} are written in more than one way"]
        if fits.mean() >= MOST:
            other = str(known[~fits].iloc[0])[:40]
            return [f"kept as text: not all values are {what}, such as {other!r}"]
    return []


def missing(marks: tuple[str, ...]) -> list[str]:
    """Say how a missing value is written."""
    return [f"missing is written as {', '.join(map(repr, marks))}"] if marks else []


def truths(texts: pd.Series) -> Found | None:
    """Return yes and no, when nothing else is said."""
    used = texts.dropna().unique()
    if len(used) > MOST_SPELLINGS:
        return None
    lower = {one.lower() for one in used}
    for yes, no in TRUTHS:
        if lower and lower <= yes | no and ((lower & yes and lower & no) or lower & SAID):
            spelled = sorted(used, key=lambda one: (one.lower() in no, len(one), one))
            truth = {one: one.lower() in yes for one in spelled}
            values = texts.map(truth).astype("boolean")
            if set(used) <= set(tables.TRUTH):  # as every command reads them
                return values, Written("boolean"), []
            said = [f"yes and no are written as {' and '.join(spelled)}"]
            return values, Written("boolean", truth=truth), said if spelled != ["yes", "no"] else []
    return None


def numbers(texts: pd.Series, name: str, comma: bool) -> Found | None:
    """Return numbers, when every text is one, however those below zero are written."""
    if not texts.str.contains(f"[({MINUS}]|-$").any():
        return signed_numbers(texts, name, comma)
    minus = texts.str.replace(MINUS, "-").str.replace(NEGATIVE, r"-\1\2", regex=True)
    if (minus != texts)[texts.notna()].all():  # (1) and (2) are names of classes
        return None
    found = signed_numbers(minus, name, comma)
    if not found or found[1].kind not in ("integer", "number"):
        return None
    values, written, said = found
    written = replace(written, decimal=written.decimal or ".", negative=True)
    return values, written, ["numbers below zero are not written as -1", *said]


def signed_numbers(texts: pd.Series, name: str, comma: bool) -> Found | None:
    """Return numbers, when every text is one with a minus before it, or none."""
    bare = texts
    if texts.str.contains(f"{MONEY}|%").any():  # what follows makes an object of each value
        bare = texts.str.replace(BEFORE, r"\1", regex=True)
        bare = bare.str.replace(AFTER, "", regex=True).str.strip()
    signed = texts.notna() & (bare != texts)
    if signed.any() and not one_sign(texts.dropna(), signed):
        return None
    grouped = [(COMMAS, "."), (POINTS, ",")]
    for form, decimal in ((PLAIN, ""), *(reversed(grouped) if comma else grouped)):
        if not bare.dropna().str.fullmatch(form).all():
            continue
        said = []
        if signed.any():
            said.append("signs of money or per cent are left out: name the unit")
        if decimal:
            comma = decimal == "," and bare.str.contains(",").any()
            said.append("decimal comma" if comma else "thousands are separated")
        thrown = f"[{'.' if decimal == ',' else ','}{SPACES}]"
        digits = bare.str.replace(thrown, "", regex=True) if decimal else bare
        digits = digits.str.replace(",", ".") if decimal == "," else digits
        written = Written("number", decimal=decimal or ("." if signed.any() else ""))
        if digits.dropna().str.fullmatch(r"[-+]?\d+").all():
            exact = whole_numbers(digits)
            low, high = (int(exact.min()), int(exact.max()))
            if max(-low, high) >= (EXACT if exact.isna().any() else 2**63):
                return texts, Written("text"), ["whole numbers too long for a number, kept as text"]
            values, whole_written, more = whole(exact.astype("Int64"), name)
            return values, replace(whole_written, decimal=written.decimal), [*said, *more]
        values, more = without_sentinel(real_numbers(digits))
        return values, written, [*said, *more]
    return None


def measured(texts: pd.Series, name: str, comma: bool) -> Found | None:
    """Return numbers that one unit follows, when every text is one; few such may be labels."""
    if texts.nunique() <= MOST_SPELLINGS:
        return None
    parts = texts.str.extract(rf"^(.*\d)\s*({UNIT})$")
    units = parts[1].dropna().unique()
    if len(units) != 1 or parts[0].notna().sum() != texts.notna().sum():
        return None
    if not (found := numbers(parts[0], name, comma)) or found[1].kind == "text":
        return None
    values, written, said = found
    unit = str(units[0])
    return values, replace(written, unit=unit), [f"{unit} after each number is left out", *said]


def whole_numbers(digits: pd.Series) -> pd.Series:
    """Return texts of digits as `Int64`; as Python's numbers where one is too long for that.

    Arrow needs no object for each of millions of values.
    """
    try:
        cast = pa.Array.from_pandas(digits.str.removeprefix("+")).cast(pa.int64())
    except pa.ArrowInvalid:
        return digits.map(int, na_action="ignore")
    found = cast.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return found.set_axis(digits.index).rename(digits.name)


def real_numbers(digits: pd.Series) -> pd.Series:
    """Return texts of numbers as `float64`, as whoever wrote them meant them."""
    try:
        cast = pa.Array.from_pandas(digits.str.removeprefix("+")).cast(pa.float64())
    except pa.ArrowInvalid:
        return digits.astype("object").astype("float64")
    return pd.Series(cast.to_numpy(zero_copy_only=False), digits.index, name=digits.name)


def one_sign(known: pd.Series, signed: pd.Series) -> bool:
    """Say whether numbers have one sign of money, or all of them that of per cent."""
    some = known[signed]
    signs = {*some.str.extract(BEFORE)[1].dropna(), *some.str.extract(AFTER)[0].dropna()}
    return len(signs) <= 1 and ("%" not in signs or bool(signed[known.index].all()))


def whole(values: pd.Series, name: str) -> Found:
    """Return whole numbers, or the times for which they stand."""
    known = values.dropna()
    named = TIME_NAME.search(name)
    if named and len(known):
        for unit, (first, last) in SECONDS.items():
            if known.between(first, last).all():
                times = pd.to_datetime(values.astype("float64"), unit=unit).astype("datetime64[us]")
                return (
                    times,
                    Written("timestamp", form=unit, zone="UTC"),
                    [f"time is in {unit} since 1970"],
                )
    if len(known) and known.between(1900_01_01, 2100_01_01).all():
        texts = values.map(str, na_action="ignore").astype("str")
        times = pd.to_datetime(texts, format=DAY_NUMBER, errors="coerce")
        sure = named or known.nunique() >= FEWEST_DAYS
        if sure and times[known.index].notna().all():
            times = times.astype("datetime64[us]")
            note = f"time is written as {DAY_NUMBER}"
            return times, Written("timestamp", form=DAY_NUMBER), [note]
    found, said = without_sentinel(values)
    if re.search(r"(^|_)date(_|$)", name) and len(known) and known.between(*EXCEL_DAYS).all():
        day = pd.Timestamp("1899-12-30") + pd.Timedelta(days=int(known.iloc[0]))
        said.append(
            f"is {known.iloc[0]} a day as Excel counts them? write {day:%Y-%m-%d} for a time"
        )
    return found, Written("integer"), said


def years(values: pd.Series) -> Found | None:
    """Return the first days of years, when every whole number is one."""
    if values.isna().any() or not values.between(1000, 2999).all():
        return None
    times = pd.to_datetime(values.astype("str"), format=YEAR).astype("datetime64[us]")
    return times, Written("timestamp", form=YEAR), ["a year is taken as its first day"]


def without_sentinel(values: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return numbers without infinite ones, and without one that stands for a missing value."""
    notes = []
    if values.dtype == "float64" and (endless := np.isinf(values)).any():
        values = values.mask(endless)
        notes = ["infinite values count as missing"]
    negative = set(values[values < 0].dropna().unique().tolist())
    for sentinel in SENTINELS:
        if negative == {sentinel} and (values == sentinel).mean() >= SENTINEL_SHARE:
            said = f"{sentinel:g} stands for a missing value: all other numbers are positive"
            return values.mask(values == sentinel), [*notes, said]
    return values, notes


def times(texts: pd.Series, comma: bool) -> Found | None:
    """Return times, when every text is one that is written in the same way."""
    known = texts.dropna()
    if not known.str.contains(r"\d").all() or known.str.len().max() > 40:
        return None
    if known.str.fullmatch(WEEK).all():
        texts = texts + "-1"
        known = texts.dropna()
    if known.str.contains(OFFSET).all():
        found = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
        if found[known.index].notna().all():
            return moments(found)
    forms = [form for form in ("ISO8601", *FORMS) if fits(known.head(FIRST), form)]
    fitting = [form for form in forms if fits(known, form)]
    if not fitting:
        return None
    day_first = [form for form in fitting if form.startswith("%d")]
    form = day_first[0] if comma and day_first else fitting[0]
    said = [] if form in ("ISO8601", "%Y-%m-%d") else [f"time is written as {form}"]
    if len(fitting) > 1 and form[2:3] in "/-" and not form.startswith("%Y"):
        said.append(f"{fitting[1]} would fit as well: look at a day after the 12th")
    values = as_times(texts, form).astype("datetime64[us]")
    if form == "ISO8601" and known.str.len().nunique() == 1:
        form = ""  # as every command reads them
    return values, Written("timestamp", form=form), said


def fits(known: pd.Series, form: str) -> bool:
    """Say whether all these texts are times of this form."""
    if form == "ISO8601" and not known.str.match(r"\d{4}-\d\d-\d\d").all():
        return False
    try:
        return bool(as_times(known, form).notna().all())
    except ValueError:  # some have an offset, some have none
        return False


def as_times(texts: pd.Series, form: str) -> pd.Series:
    """Return texts as times, missing where one has another form; a part at a time, for memory."""
    parts = [texts.iloc[start : start + PART] for start in range(0, len(texts), PART)]
    return pd.concat(
        [pd.to_datetime(one, errors="coerce", format=form) for one in parts or [texts]]
    )


def moments_of(values: pd.Series) -> pd.Series:
    """Return dates and times that a database or a workbook gave, as one type where there is one."""
    try:
        return pd.to_datetime(values, errors="coerce", utc=False)
    except (ValueError, TypeError):  # times of day, or some with a zone and some without
        return values


def moments(values: pd.Series) -> Found:
    """Return times without a zone: those with one are converted to UTC."""
    zone = "UTC" if isinstance(values.dtype, pd.DatetimeTZDtype) else ""
    said = ["times have an offset, and are converted to UTC"] if zone else []
    if zone:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.astype("datetime64[us]"), Written("timestamp", zone=zone), said
