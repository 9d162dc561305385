# The template's. A page of yours reads reports/metrics.json.
"""The parts of the page about a model, each from one record; a part without its record is empty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from .. import PROJECT, paths
from ..interface import Contract
from ..tracking.pricing import amount, price
from ..web_page import number, table
from . import card_text
from .drawings import Dot, bars, curves, dots

SHOWN = 20  # features in the drawing; the table has all
CURVES = 6  # labels in one drawing, the most frequent ones
MATRIX = 10  # labels in the confusion matrix, the same
ASIDE = "../"  # from the page to the repo's root


@dataclass(frozen=True)
class Records:
    """What is known: an empty record is one that is not there.

    Args:
        report: As reports/metrics.json holds it.
        manifest: Of the candidate.
        contract: Yours.
        card: Text of the model card.
        drift: As reports/drift.json holds it.
    """

    report: dict[str, Any]
    manifest: dict[str, Any]
    contract: Contract
    card: str
    drift: dict[str, Any]

    @property
    def metric(self) -> str:
        """Return the metric by which the contract judges."""
        return str(self.report.get("metric") or self.contract.quality.metric)

    @property
    def value(self) -> float | None:
        """Return its value; none when it is missing."""
        found = under(self.report.get("metrics"), self.metric)
        return found if isinstance(found, int | float) else None

    def interval(self, name: str) -> tuple[float | None, float | None]:
        """Return the ends of a metric's interval; none where it has none."""
        match under(self.report.get("intervals"), name):
            case [int() | float() as low, int() | float() as high]:
                return low, high
        return None, None


def under(record: Any, key: str) -> Any:
    """Return what a record holds under a key; nothing when it has another shape."""
    return record.get(key) if isinstance(record, dict) else None


def reached(value: float | None, bar: float | None, better: str) -> str:
    """Say whether a value is good enough; nothing when there is no bar or no value."""
    if value is None or bar is None:
        return ""
    return "yes" if (value >= bar if better == "higher" else value <= bar) else "no"


def metrics(records: Records) -> str:
    """Show each metric with its interval, beside the baselines."""
    report, quality = records.report, records.contract.quality
    if not (scores := report.get("metrics")):
        return ""
    baselines: dict[str, dict[str, float]] = report.get("baselines") or {}
    rows = [
        [
            f"<strong>{escape(name)}</strong>" if name == records.metric else escape(name),
            number(scores[name]) if scores.get(name) is not None else "missing",
            " to ".join(number(end) for end in records.interval(name) if end is not None) or "–",
            *(number(found.get(name)) for found in baselines.values()),
        ]
        for name in dict.fromkeys([records.metric, *scores])
    ]
    others = [(name, found.get(records.metric)) for name, found in baselines.items()]
    known = [Dot(name, value) for name, value in others if value is not None]
    if records.value is not None:
        known.insert(0, Dot("model", records.value, *records.interval(records.metric)))
    rules = [(name, getattr(quality, name)) for name in ("withdraw", "retrain", "accept")]
    said = f"{records.metric} of " + ", ".join(f"{one.name} {number(one.value)}" for one in known)
    return (
        f"<p>The contract judges by <strong>{escape(records.metric)}</strong>, "
        f"{quality.better} is better; the upright lines are its bars.</p>"
        + (dots(said, known, rules) if known else "")
        + table("metrics", ["metric", "model", "95 % interval", *baselines], rows)
    )


def confusion(records: Records) -> str:
    """Show what was predicted beside what happened."""
    if not (labels := records.report.get("labels")):
        return ""
    heads = ["precision", "recall", "f1", "roc_auc"]
    each = table(
        "each label by itself",
        ["label", "happened", "predicted", *heads],
        [
            [
                escape(str(one["label"])),
                f"{one['rows']:,}",
                f"{one['predicted']:,}",
                *(number(one[head]) for head in heads),
            ]
            for one in labels
        ],
    )
    return f"{matrix(labels)}<p>Each label by itself:</p>{each}"


def matrix(labels: Sequence[dict[str, Any]]) -> str:
    """Return the confusion matrix: of many labels, that of the most frequent ones."""
    if any("answered" not in one for one in labels):
        return "<p>The label that is answered counts as predicted.</p>"  # an older record
    often = sorted(labels, key=lambda one: -one["rows"])[:MATRIX]
    known = [one for one in labels if one in often]
    rows = []
    for one in known:
        found = [one["answered"][str(other["label"])] for other in known]
        found += [one["rows"] - sum(found)] if len(known) < len(labels) else []
        cells = (f"{n:,} ({share(n, one['rows'])})" for n in found)
        rows.append([f"{escape(str(one['label']))} happened", *cells])
    heads = ["", *(f"{one['label']} predicted" for one in known)]
    heads += ["another predicted"] if len(known) < len(labels) else []
    return (
        "<p>Confusion matrix: a row is what happened, a column what is answered; "
        "shares are of the row.</p>" + table("confusion matrix", heads, rows)
    )


def share(part: int, whole: int) -> str:
    """Return a part in per cent."""
    return format(part / whole if whole else 0, ".1%")


def residuals(records: Records) -> str:
    """Show how far predictions are off, along what is predicted."""
    if not (found := records.report.get("residuals")):
        return ""
    heads = ["predicted", "rows", "low", "median", "high"]
    middle = [(one["predicted"], one["median"]) for one in found]
    band = [(one["predicted"], one["high"]) for one in found]
    band += [(one["predicted"], one["low"]) for one in reversed(found)]
    rule = [(one["predicted"], 0.0) for one in (found[0], found[-1])]
    said = f"residuals: median {number(middle[0][1])} on the left, {number(middle[-1][1])} right"
    axes = (f"predicted {records.report.get('target', '')}", "happened less predicted")
    return (
        "<p>What happened less what was predicted, in bins of equal size: the median, and the "
        "band that holds 80 % of the rows. On the level line there is no error.</p>"
        + curves(said, [("median", middle)], rule, band, axes)
        + table("residuals", heads, [[cell(one, head) for head in heads] for one in found])
    )


def calibration(records: Records) -> str:
    """Show whether a predicted probability is the share that is observed."""
    if not (found := records.report.get("calibration")):
        return ""
    by_label: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        by_label.setdefault(str(one["label"]), []).append(one)
    shown = sorted(by_label, key=lambda label: -sum(one["observed"] for one in by_label[label]))
    lines = [
        (label, [(one["predicted"], one["observed"]) for one in by_label[label]])
        for label in shown[:CURVES]
    ]
    top = max(max(one["predicted"], one["observed"]) for one in found)
    said = "calibration: " + ", ".join(
        f"{label} predicted {number(points[-1][0])}, observed {number(points[-1][1])} at the top"
        for label, points in lines
    )
    heads = ["label", "rows", "predicted", "observed"]
    axes = ("predicted probability", "observed share")
    return (
        "<p>Bins of equal size; on the straight line predictions can be taken at their word.</p>"
        + curves(said, lines, [(0.0, 0.0), (top, top)], axes=axes, most=1.0)
        + table("calibration", heads, [[cell(one, head) for head in heads] for one in found])
    )


def slices(records: Records) -> str:
    """Show the groups that the contract names."""
    if (found := records.report.get("slices")) is None:
        return ""
    if not found:
        return "<p>The contract names no group, or none is large enough to judge.</p>"
    metric, bar = records.metric, records.contract.slices.accept
    better = records.contract.quality.better
    rows, drawn = [], []
    for one in found:
        name, value = f"{one['column']} = {one['value']}", one.get(metric)
        told = "missing" if value is None else number(value)
        rows.append([escape(name), f"{one['rows']:,}", told, reached(value, bar, better) or "–"])
        if value is not None:
            drawn.append(Dot(name, value))
    rules = [("bar of a slice", bar)] if bar is not None else []
    if records.value is not None:
        rules.append(("all rows", records.value))
    said = f"{metric} of each slice: " + ", ".join(f"{one.name} {one.value:.3g}" for one in drawn)
    heads = ["slice", "rows", metric, "bar reached"]
    return (dots(said, drawn, rules) if drawn else "") + table("slices", heads, rows)


def importance(records: Records) -> str:
    """Show how much worse the metric gets without each feature."""
    if not (found := records.report.get("importance")):
        return ""
    known = sorted(((n, v) for n, v in found.items() if v is not None), key=lambda one: -one[1])
    said = "importance, largest first: " + ", ".join(name for name, _ in known[:SHOWN])
    rows = [[f"<code>{escape(name)}</code>", number(value)] for name, value in found.items()]
    return (
        f"<p>How much worse {escape(records.metric)} gets when the feature is shuffled; "
        "it says what the model uses, not what causes what.</p>"
        + (bars(said, known[:SHOWN]) if known else "")
        + details("each feature", table("importance", ["feature", "loss"], rows))
    )


def cost(records: Records) -> str:
    """Show what the training run used, and its price beside the budget."""
    if not (used := records.manifest.get("cost")):
        return ""
    budget = records.contract.budget
    paid = price(**used, prices=budget.prices)
    within = "within" if paid <= budget.per_training_run else "over"
    rows = [
        ["wall time", f"{used['wall_seconds']:.1f} s"],
        ["processor time", f"{used['cpu_seconds']:.1f} s"],
        ["peak memory", f"{used['peak_memory_mb']:,.0f} MB"],
        ["price", f"{amount(paid, budget)}, {within} the budget of {budget.per_training_run:g}"],
    ]
    return table("cost of the training run", ["used", "by the training"], rows)


def drift(records: Records) -> str:
    """Show the last comparison of new rows with training."""
    if not (found := records.drift):
        return ""
    rows = [
        [
            escape(str(one["column"])),
            number(one["score"]),
            number(one["threshold"]),
            "yes" if one["drifted"] else "no",
        ]
        for one in [*found["columns"], *found["predictions"]]
    ]
    verdict = "drifted" if found["drifted"] else "did not drift"
    batches = escape(", ".join(found.get("batches", [])))
    return (
        f"<p>{batches}: {found['rows']:,} rows, which {verdict}. The comparison is with the "
        "data of the day on which it was made.</p>"
        + details("each column", table("drift", ["column", "distance", "bound", "drifted"], rows))
    )


def card(records: Records) -> str:
    """Show the model card, and say when it is about another model."""
    if not records.card.strip():
        return ""
    about, this = card_text.identity(records.card), records.report.get("model_sha256")
    said = ""
    if not about:
        said = f"Its numbers are not filled yet: <code>uv run {PROJECT} card</code>."
    elif about.get("model_sha256") != this:
        said = (
            f"It is about version {escape(str(about.get('version')))}, model "
            f"<code>{escape(str(about.get('model_sha256'))[:12])}</code>, not about this one."
        )
    note = f'<p class="step">{said}</p>' if said else ""
    return note + card_text.as_html(records.card, below=2, root=ASIDE)


def cell(record: dict[str, Any], key: str) -> str:
    """Return a value of a record: whole rows, other numbers, or a name."""
    value = record[key]
    if key == "rows":
        return f"{value:,.0f}"
    return escape(value) if isinstance(value, str) else number(value)


def details(name: str, inside: str) -> str:
    """Return what is open on request."""
    return f"<details><summary>{escape(name)}</summary>{inside}</details>"


Section = tuple[str, Callable[[Records], str], str]
REPRO, EVALUATE = "uv run just repro", f"uv run {PROJECT} evaluate"
LABELS: list[Section] = [
    ("Right and wrong", confusion, EVALUATE),
    ("Calibration", calibration, EVALUATE),
]
NUMBERS: list[Section] = [("Residuals", residuals, EVALUATE)]


def sections(records: Records) -> list[Section]:
    """Return the parts: title, what fills it, and the command that writes its record."""
    kind = NUMBERS if records.report.get("residuals") else LABELS
    return [
        ("Metrics", metrics, EVALUATE),
        *kind,
        ("Slices", slices, EVALUATE),
        ("Importance", importance, EVALUATE),
        ("Cost of the run", cost, REPRO),
        ("Drift", drift, f"uv run {PROJECT} drift"),
        ("Model card", card, f"write {paths.CARD}"),
    ]
