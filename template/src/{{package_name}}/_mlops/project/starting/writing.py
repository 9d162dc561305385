# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Write your files from what a profile says about a table."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from ... import PACKAGE, paths
from ...data import tables
from ...errors import first_of
from ...interface import Column, DriftParams, DriftRule, PersonalData, Quality
from .limits import bounds, letters_of
from .profile import PERSON_NAME, ColumnProfile, Profile, as_labels, harmless
from .source import Source
from .values import DAY_NUMBER, EMAIL, MARKS, MASK, YEAR

FAMILIES = {
    "boosting": "gradient boosting on trees",
    "forest": "a forest of randomized trees",
    "linear": "a linear model",
    "tree": "a small decision tree",
}
CODE = Path("src") / PACKAGE
FILES = {
    CODE / "schema.py": "schema.py.j2",
    CODE / "data.py": "data.py.j2",
    CODE / "features.py": "features.py.j2",
    CODE / "model.py": "model.py.j2",
    CODE / "metrics.py": "metrics.py.j2",
    Path("tests/conftest.py"): "conftest.py.j2",
    Path("tests/test_schema.py"): "test_schema.py.j2",
    Path("tests/test_features.py"): "test_features.py.j2",
    Path("tests/test_model.py"): "test_model.py.j2",
    Path("tests/test_service.py"): "test_service.py.j2",
}
LABEL_METRIC, NUMBER_METRIC = "log_loss", "rmse"
NUMBERED = "row"  # the key of rows that have none
LEFT_OUT = ("constant", "empty", "dropped")
MORE = 1.25  # times as far as between known batches, from which predictions drifted
DISTANCES = {"number": "in standard deviations; ", "text": ""}
LOOSENED = re.compile(
    r"(?m)^(  (number|text|prediction): .*threshold: )[\d.]+\} *"
    r"# .*(?:as far as \d+ rows are by chance|known batches are up to .* from the others)$"
)
CHANCE = 2.5  # over the root of the rows: so far from many, few drawn alike are 1 time in 20
ROOM = 90  # letters in a line of schema.py, for a declaration and a comment
SLICES, SLICE_VALUES = 2, 12  # columns to look at by themselves, and how many values each may have


@dataclass(frozen=True)
class Trial:
    """What was measured for one model: the contract's metric, its interval, others'.

    `learns` says whether it beats the same answer for every row of the sample, `apart` how far the
    predictions for a batch are from those for the others, `off` how far they are off on the
    hold-out, as a whole or in a group.
    """

    family: str
    metric: float
    interval: tuple[float, float]
    baselines: dict[str, float]
    slices: list[float]
    learns: bool = True
    apart: float = 0.0
    off: float = 0.0

    @property
    def is_off(self) -> bool:
        """Say whether the usual bar of `quality.calibration` leaves no room for that."""
        return bool(MORE * self.off > Quality.model_fields["calibration"].default)


@dataclass(frozen=True)
class Proposal:
    """What becomes of each column, ready to be written.

    Args:
        source: The table.
        profile: What it says about itself.
        key: Columns that name a row; `NUMBERED` when no column of the table does.
        holdout: Rows that will be held out, about.
        batch: Rows of the smallest batch that arrives later.
        rules: The contract's words that make a name personal.
    """

    source: Source
    profile: Profile
    key: tuple[str, ...]
    holdout: int
    batch: int
    rules: PersonalData

    @property
    def metric(self) -> str:
        """Return the contract's metric: small is good."""
        return LABEL_METRIC if self.profile.labels else NUMBER_METRIC

    @property
    def kept(self) -> list[ColumnProfile]:
        """Return the columns of the schema."""
        return [column for column in self.profile.columns if column.role not in LEFT_OUT]

    def role(self, column: ColumnProfile) -> str:
        """Return what a column is: one whose name the contract denies is personal."""
        denied = self.rules.denied(column.name)
        known = all(PERSON_NAME.search(word) for word in denied)
        if not denied or column.role == "target":
            return column.role
        looked_at = column.role in ("feature", "text")  # at its values too
        fine = looked_at or harmless(column.name, column.distinct, column.high)
        return column.role if known and fine else "personal"

    def is_input(self, column: ColumnProfile) -> bool:
        """Say whether features are made of a column: not of groups of which none comes again."""
        roles = ("feature", "text", "group") if self.profile.time else ("feature", "text")
        return self.role(column) in roles

    def named(self, *roles: str) -> list[ColumnProfile]:
        """Return the columns of these roles."""
        return [column for column in self.kept if self.role(column) in roles]

    def inputs(self, *kinds: str) -> list[str]:
        """Return the names of the inputs of these kinds; free text is none of them."""
        found = [one for one in self.named("feature", "group") if one.kind in kinds]
        return [one.name for one in found if self.is_input(one)]


def render(proposal: Proposal, trial: Trial) -> dict[Path, str]:
    """Return the text of each file of code, not yet formatted."""
    code = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "files"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # it is Python, and every value is written as a literal
    )
    code.filters |= {
        "literal": literal,
        "tuple": lambda values: literal(tuple(values)),
        "list_of": lambda values: literal(list(values)),
        "set_of": lambda values: f"{{{', '.join(map(literal, values))}}}" if values else "set()",
    }
    given = context(proposal, trial)
    return {path: code.get_template(name).render(given) for path, name in FILES.items()}


def literal(value: Any) -> str:
    """Write a value as Python does, with the quotes of this repo."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def context(proposal: Proposal, trial: Trial) -> dict[str, Any]:
    """Return what the templates ask for."""
    profile, family = proposal.profile, trial.family
    columns = declared(proposal)
    known = [column for column in columns if column.known == "request"]
    texts = [one.name for one in proposal.named("text")]
    times = [*proposal.inputs("timestamp"), *([profile.time] if profile.time else [])]
    categories, numbers = (
        proposal.inputs("text"),
        proposal.inputs("integer", "number", "boolean"),
    )
    clocks = [name for name in times if has_clock(proposal.source.rows[name])]
    late = [column.name for column in columns if column.known == "outcome"]
    read = {*texts, *times, *categories, *numbers}
    bounded = [one for one in columns if one.low is not None and one.known == "request"]
    simple = "linear" if "linear" in trial.baselines else "tree"
    trees = family != "linear" or simple == "tree"
    scaled = family == "linear" or simple == "linear"
    encoders = ["OneHotEncoder"] * scaled + ["OrdinalEncoder"] * trees
    return {
        "package": PACKAGE,
        "learns": trial.learns,
        "origin": proposal.source.origin,
        "indexed": proposal.source.indexed,
        "columns": [shown(column, proposal) for column in columns],
        "known": known,
        "key": proposal.key,
        "numbered": proposal.key == (NUMBERED,),
        "time": profile.time,
        "group": profile.group,
        "target": profile.target,
        "target_column": profile.target,
        "labels": profile.labels,
        "positive": profile.positive,
        "read_target": read_target(proposal),
        "missing_target": missing_target(proposal),
        "names": {
            old: new for new, old in proposal.source.names.items() if new in names_of(columns)
        },
        "left_out": [
            proposal.source.names.get(one.name, one.name)
            for one in profile.columns
            if one.role in LEFT_OUT
        ],
        "written": written(proposal),
        "email": EMAIL,
        "mask": MASK,
        "categories": categories,
        "numbers": numbers,
        "texts": texts,
        "times": times,
        "clocks": clocks,
        "made": len(categories) + len(numbers) + len(texts) + 3 * len(times) + len(clocks),
        "late": late,
        "unread": [one.name for one in known if one.name not in read],
        "gaps": [one.name for one in columns if one.missing and one.name != profile.target],
        "number_gaps": [
            one.name
            for one in columns
            if one.missing and one.name in numbers and one.known != "outcome"
        ],
        "impossible": [
            *((one.name, low_of(one)) for one in bounded[:3]),
            *(
                (one.name, None)
                for one in known
                if not one.missing and one.name not in proposal.key
            ),
        ][:5],
        "impossible_request": next(((one.name, low_of(one)) for one in bounded), None),
        "metric": proposal.metric,
        "family": family,
        "words": FAMILIES[family],
        "kind": "Classifier" if profile.labels else "Regressor",
        "simple": simple,
        "encoders": [*encoders, *["StandardScaler"] * scaled],
        "category_types": " | ".join(encoders),
    }


def declared(proposal: Proposal) -> list[Column]:
    """Return the columns of the schema in the order of the table, a number for each row first."""
    found = []
    if proposal.key == (NUMBERED,):
        found.append(Column(NUMBERED, "text", "request", "names the row: its file and place"))
    for column in proposal.kept:
        role = proposal.role(column)
        low, high = None, None
        if proposal.is_input(column):
            low, high = bounds(proposal.source.rows[column.name], column)
        late = role in ("target", "leak")
        unit = proposal.source.written[column.name].unit
        found.append(
            Column(
                column.name,
                column.kind,
                "outcome" if late else "request",
                MEANINGS.get(role) or f"YOURS: meaning{f', in {unit}' if unit else ' and unit'}",
                low,
                high,
                missing=late or column.missing > 0,
                personal=role == "personal",
                zone=proposal.source.written[column.name].zone,
                letters=letters_of(proposal.source.rows[column.name]),
                names=role == "identifier" or (role == "group" and not proposal.is_input(column)),
            )
        )
    return found


MEANINGS = {
    "target": "what is predicted",
    "leak": "YOURS: is it known before the outcome? it says what the outcome is",
    "key": "names the row",
    "identifier": "names something else; no feature",
    "group": "whose rows belong together",
    "time": "when the row came about",
    "personal": "YOURS: personal, so no feature and never logged",
}


def low_of(column: Column) -> str:
    """Return a value just below what a column may hold, as Python writes it."""
    low = column.low or 0
    return repr(low - 1 if column.kind == "integer" else float(low) - 1.0)


def shown(column: Column, proposal: Proposal) -> dict[str, str]:
    """Return the line of schema.py that declares a column, and what was seen as a comment."""
    limits = [number(one) for one in (column.low, column.high) if one is not None]
    flags = [f"{name}=True" for name in ("missing", "personal", "names") if getattr(column, name)]
    flags += [f"letters={column.letters}"] * (column.letters != Column.letters)
    flags += [f"zone={literal(column.zone)}"] * bool(column.zone)
    words = [literal(one) for one in (column.name, column.kind, column.known, column.meaning)]
    line = f"Column({', '.join([*words, *limits, *flags])}),"
    found = [one for one in proposal.profile.columns if one.name == column.name]
    comment = seen(found[0]) if found else ""
    return {"declared": line, "comment": comment if len(line) + len(comment) < ROOM else ""}


def number(value: float) -> str:
    """Write a bound as a person does."""
    return f"{int(value):_}" if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def seen(column: ColumnProfile) -> str:
    """Say in a few words what a column held."""
    if column.low is not None and column.high is not None:
        return f"seen: {column.low:g} to {column.high:g}"
    if column.kind == "text" and column.role in ("feature", "text", "group"):
        return f"{column.distinct:,} different values"
    return ""


def names_of(columns: Iterable[Column]) -> set[str]:
    """Return the names of columns."""
    return {column.name for column in columns}


def has_clock(values: pd.Series) -> bool:
    """Say whether times hold more than dates."""
    known = values.dropna()
    return bool((known != known.dt.normalize()).any())


def read_target(proposal: Proposal) -> str:
    """Return the expression that reads the target as labels or a number."""
    profile = proposal.profile
    (column,) = (one for one in profile.columns if one.name == profile.target)
    found = f"rows[{literal(profile.target)}]"
    if not profile.labels:
        return f'{found}.astype("float64")'
    if column.kind == "text":
        return found
    values = proposal.source.rows[profile.target].dropna().drop_duplicates().sort_values()
    labels = as_labels(values, proposal.source.written[profile.target])
    named = dict(zip(values.tolist(), labels, strict=True))
    return f"{found}.map({literal(named)})"


def missing_target(proposal: Proposal) -> str:
    """Say what a row without a target means: labels too rare to be learned have none either."""
    name = proposal.profile.target
    missing = proposal.source.written[name].missing  # a number as a text, too
    rare = [repr(one) for one in missing if one not in MARKS and not isinstance(one, int)]
    return f"{name} is not known{', or is ' + first_of(rare, ', ') if rare else ''}"


def written(proposal: Proposal) -> dict[str, Any]:
    """Return what a later file of the same origin needs to be read as this one was."""
    dialect, columns = proposal.source.dialect, proposal.source.written
    names = [proposal.source.names.get(name, name) for name in proposal.source.rows]
    kept = {one.name: columns[one.name] for one in proposal.kept}
    given = dialect.read_csv_options() if dialect else {}
    if dialect and dialect.trailing:
        given["usecols"] = range(proposal.source.rows.shape[1])
    forms = {name: one.form for name, one in kept.items() if one.form}
    return {
        "options": "".join(f", {name}={literal(value)}" for name, value in given.items()),
        "below": [list(line) for line in dialect.below if any(line)] if dialect else [],
        "again": bool(dialect and dialect.again),
        "noted": bool(dialect and dialect.noted),
        "foot": {names[place]: one for place, one in dialect.foot} if dialect else {},
        "spaces": any(one.spaces for one in kept.values()),
        "mails": [name for name, one in kept.items() if one.mails],
        "missing": {name: list(one.missing) for name, one in kept.items() if one.missing},
        "spelled": {name: one.spelled for name, one in kept.items() if one.spelled},
        "truths": {name: one.truth for name, one in kept.items() if one.truth},
        "units": {name: one.unit for name, one in kept.items() if one.unit},
        "negatives": [name for name, one in kept.items() if one.negative],
        "durations": [name for name, one in kept.items() if one.lasts],
        "numbers": {name: one.decimal for name, one in kept.items() if one.decimal},
        "times": {name: form for name, form in forms.items() if form not in ("s", "ms")},
        "in_digits": [name for name, form in forms.items() if form in (YEAR, DAY_NUMBER)],
        "since_1970": [(name, form) for name, form in forms.items() if form in ("s", "ms")],
    }


def contract(text: str, proposal: Proposal, trial: Trial) -> str:
    """Return contract.yaml with this table's metric, bars, slices and sizes; the rest as it was."""
    yaml = round_trip()
    found = yaml.load(bare(text, "quality|slices|monitoring"))
    others = ", ".join(f"{name} {value:.4g}" for name, value in trial.baselines.items())
    low, high = trial.interval
    put(
        found,
        "quality",
        {
            "metric": proposal.metric,
            "better": "lower",
            **bars_of(proposal, trial),
            "minimal_change": 0.0,
            **({"calibration": figure(MORE * trial.off)} if trial.is_off else {}),
        },
        f"Measured by start-from: {trial.metric:.4g} on the hold-out, 95 % interval {low:.4g} to "
        f"{high:.4g}\nby bootstrap; {others}. YOURS: agree on the bars with the consumer."
        + (f"\ncalibration: there it is off by up to {trial.off:.2g}." if trial.is_off else ""),
    )
    excused = [one.name for one in proposal.kept if proposal.role(one) != "personal"]
    if new := [name for name in excused if proposal.rules.denied(name)]:
        found["personal_data"]["allow"] = CommentedSeq([*proposal.rules.allow, *new])
        found["personal_data"]["allow"].fa.set_flow_style()
    least = max(10, min(200, proposal.holdout // 10))
    slices: dict[str, Any] = {"columns": slice_columns(proposal), "min_rows": least}
    if trial.slices:
        slices["accept"] = figure(max(trial.slices) * 1.25)
    put(found, "slices", slices, "The model must be good enough on each of these by itself.")
    few = few_rows(proposal)
    monitoring = {**found.get("monitoring", {}), "min_rows": few, "min_labels": few}
    put(
        found,
        "monitoring",
        monitoring,
        "With fewer rows or outcomes in a window there is no verdict.",
    )
    return dumped(yaml, found)


def few_rows(proposal: Proposal) -> int:
    """Return how many rows of a batch are enough to judge it by."""
    return max(10, min(300, proposal.batch // 2))


def bare(text: str, sections: str) -> str:
    """Return a YAML file without what is said above some sections: it is said anew."""
    return re.sub(rf"^(#.*\n)+(?=({sections}):)", "", text, flags=re.M)


def dumped(yaml: Any, found: Any) -> str:
    """Return a YAML file with one empty line before each section."""
    out = StringIO()
    yaml.dump(found, out)
    text = re.sub(r"^( .*)\n(?=[\w#])", r"\1\n\n", out.getvalue(), flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text)


def put(found: Any, key: str, values: dict[str, Any], said: str) -> None:
    """Set a section of a YAML file, with a comment above it."""
    section = CommentedMap(values)
    for name, value in values.items():
        if isinstance(value, list):
            section[name] = CommentedSeq(value)
            section[name].fa.set_flow_style()
    found[key] = section
    found.ca.items.pop(key, None)  # what was said of the one before
    found.yaml_set_comment_before_after_key(key, before=f"\n{said}")


def bars_of(proposal: Proposal, trial: Trial) -> dict[str, float]:
    """Return the contract's bars: no worse than chance makes this model, nor than a simple one."""
    constant = next(iter(trial.baselines.values()))
    room = max(trial.interval[1], trial.metric) * 1.02
    accept = min(room, constant) if trial.metric < constant else room
    withdraw = max(constant, accept * 1.1)
    return {
        "accept": figure(accept),
        "retrain": figure(accept + (withdraw - accept) / 4),
        "withdraw": figure(withdraw),
    }


def figure(value: float) -> float:
    """Round a bar to four digits."""
    return float(f"{value:.4g}")


def slice_columns(proposal: Proposal) -> list[str]:
    """Return categories of which the hold-out has enough rows of several values."""
    rows, least = proposal.source.rows, max(10, min(200, proposal.holdout // 10))
    share = proposal.holdout / max(1, len(rows))
    found = []
    for column in proposal.named("feature", "group"):
        if column.kind in ("text", "boolean") and 2 <= column.distinct <= SLICE_VALUES:
            counts = rows[column.name].value_counts() * share
            if (counts >= least * 1.5).sum() >= 2:
                found.append(column.name)
    return found[:SLICES]


def params(text: str, proposal: Proposal, trial: Trial) -> str:
    """Return params.yaml with this model's parameters and this table's sizes."""
    yaml = round_trip()
    found, family = yaml.load(bare(tightened(text), "train|tune")), trial.family
    said = "Of the model in model.py; sizes suit the number of rows."
    decides = {"threshold": 0.5} if proposal.profile.positive else {}
    put(found, "train", {"seed": 0, **decides, **sizes(proposal, family)}, said)
    said = "What `tune` searches, on a part of the training rows."
    put(found, "tune", {"trials": 30, "space": ranges(sizes(proposal, family))}, said)
    few = few_rows(proposal)
    drift, chance = found["drift"], round(CHANCE / few**0.5, 2)
    drift["min_rows"] = few
    for kind, unit in DISTANCES.items():
        loosen(drift, kind, chance, f"{unit}as far as {few} rows are by chance")
    apart = f"known batches are up to {trial.apart:.2f} from the others"
    loosen(drift, "prediction", round(MORE * trial.apart, 2), apart)
    return dumped(yaml, found)


def loosen(drift: Any, kind: str, least: float, said: str) -> None:
    """Raise a threshold of the usual method to what was measured."""
    rule = drift.get(kind, {})
    if rule.get("method") == usual_rule(kind).method and rule["threshold"] < least:
        rule["threshold"] = least
        drift.yaml_add_eol_comment(said, kind)


def tightened(text: str) -> str:
    """Return params.yaml with the usual thresholds where an earlier run loosened them."""
    return LOOSENED.sub(lambda found: f"{found[1]}{usual_rule(found[2]).threshold}}}", text)


def usual_rule(kind: str) -> DriftRule:
    """Return the rule of a kind of columns where params.yaml has none."""
    rule: DriftRule = getattr(DriftParams(), kind)
    return rule


def sizes(proposal: Proposal, family: str) -> dict[str, Any]:
    """Return parameters of a model that suit the number of rows."""
    rows = proposal.profile.rows
    if family == "linear":
        return {"strength": 1.0}
    if family == "tree":
        return {"max_depth": 2}
    if family == "forest":
        return {"n_estimators": 200, "min_samples_leaf": 3 if rows < 10_000 else 10}
    return {
        "learning_rate": 0.1 if rows < 10_000 else 0.05,
        "max_iter": 60 if rows < 1_000 else 150,
        "max_leaf_nodes": 7 if rows < 1_000 else 15,
        "min_samples_leaf": 5 if rows < 1_000 else 20 if rows < 10_000 else 50,
        "l2_regularization": 1.0,
    }


def ranges(values: dict[str, Any]) -> dict[str, Any]:
    """Return where to search each parameter: from a fifth of its value to five times as much."""
    found = {}
    for name, value in values.items():
        low, high = (value / 5, value * 5) if isinstance(value, float) else (value // 5, value * 5)
        if name == "max_leaf_nodes":
            low = max(2, low)
        entry = CommentedMap(low=round(low, 4) or 1, high=high, log=True)
        entry.fa.set_flow_style()
        found[name] = entry
    return found


def round_trip() -> Any:
    """Return a YAML reader and writer that keeps comments and long lines."""
    yaml = YAML()
    yaml.width = 100
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def prose(text: str, proposal: Proposal) -> str:
    """Return a text whose sentence on what is predicted is about this table."""
    origin = re.sub(r'["\\]', "_", proposal.source.origin)  # it stands in quotes in contract.yaml
    said = f"Predicts {proposal.profile.target} of a row of {origin}"
    return CONSUMER.sub(
        r"\g<1>YOURS: who uses what is predicted", EXAMPLE.sub(lambda _: said, text)
    )


# what the example says of itself, what nobody has said yet, and what was said of another table
EXAMPLE = re.compile(
    r"Says before departure how late a flight will arrive"
    r"|YOURS: what [^\n]*? predicts, in one sentence"
    r"|Predicts [^\n]*? of a row of [^\n]*?(?=\.?\"?$)",
    re.MULTILINE,
)
CONSUMER = re.compile(r'(?m)^(It is made for: |  consumer: "?)Passenger information desk\b')


def card(text: str, proposal: Proposal) -> str:
    """Return MODEL_CARD.md with the tags of this task, and how its hold-out was drawn."""
    task = "classification" if proposal.profile.labels else "regression"
    text = re.sub(r"\b(tabular-)?(classification|regression)$", rf"\g<1>{task}", text, flags=re.M)
    if not proposal.profile.time:
        drawn = f"by a hash of {proposal.profile.group or 'the key'}"
        text = text.replace("the latest part in time,", f"a part drawn {drawn},")
    return re.sub(r"^metrics:\n  - \w+$", f"metrics:\n  - {proposal.metric}", text, flags=re.M)


def with_key(proposal: Proposal, rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a batch as it is written: typed, without what is left out, each row with a key."""
    columns = declared(proposal)
    rows = rows.drop(columns=[one for one in rows if one not in names_of(columns)])
    if proposal.key == (NUMBERED,):
        rows = rows.drop(columns=NUMBERED, errors="ignore")
        rows.insert(0, NUMBERED, [f"{name}-{place}" for place in range(1, len(rows) + 1)])
    return tables.conform(rows, columns)


def without_people(proposal: Proposal, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which personal values are invented ones: the sample stands in git."""
    invented = rows.copy()
    for column in proposal.named("personal"):
        places = pd.Series(range(1, len(rows) + 1), index=rows.index)
        value = {
            "text": column.name + " " + places.astype("str"),
            "timestamp": pd.Timestamp("2000-01-01") + pd.to_timedelta(places, unit="D"),
            "boolean": places % 2 == 0,
        }.get(column.kind, places)
        invented[column.name] = value.where(invented[column.name].notna())
    return invented


def untried(proposal: Proposal, family: str) -> Trial:
    """Return a trial before anything was measured, to write a model with that can be tried."""
    simple = "tree" if family == "linear" else "linear"
    constant = "majority" if proposal.profile.labels else "mean"
    return Trial(family, 1.0, (0.9, 1.1), {constant: 2.0, simple: 1.5}, [])


# files of which only parts are about the data
OTHERS = (paths.CONTRACT, paths.PARAMS, paths.CARD, Path("README.md"))


def edited(proposal: Proposal, trial: Trial) -> dict[Path, str]:
    """Return the files of which only parts are about the data, with these parts made anew."""
    there = [path for path in OTHERS if path.is_file()]
    found = {path: prose(path.read_text(encoding="utf-8"), proposal) for path in there}
    found[paths.CONTRACT] = contract(found[paths.CONTRACT], proposal, trial)
    found[paths.PARAMS] = params(found[paths.PARAMS], proposal, trial)
    if paths.CARD in found:
        found[paths.CARD] = card(found[paths.CARD], proposal)
    return found


def best(found: dict[str, Any]) -> Trial:
    """Return the model that did best on the training part, of those that a gate lets pass.

    Where none beats its baselines, it is the best one all the same.
    """
    scored = {family: Trial(family=family, **figures) for family, figures in found.items()}
    passing = [one for one in scored.values() if one.metric < min(one.baselines.values())]
    return (passing or list(scored.values()))[0]
