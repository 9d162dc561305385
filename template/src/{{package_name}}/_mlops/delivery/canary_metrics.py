# The template's. Which bounds count is yours, in contract.yaml: rollout.
"""What do Prometheus, the prediction logs and the labels say about a stage of a rollout?"""

import json
import math
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from ... import data, metrics, schema
from ..data import outcome, prediction_log
from ..errors import NO_ANSWER, OutsideFailed
from ..interface import Contract, Quality
from ..monitoring import labels
from ..training import scoring
from ..training.evaluation import better
from .analysis import DOUBT, Side
from .ports import address

CHAMPION, CANDIDATE = "champion", "candidate"
LOGS = {CHAMPION: Path("monitoring/predictions"), CANDIDATE: Path("monitoring/candidate")}
PATIENCE = 10  # seconds for Prometheus to answer
RESAMPLES = 300  # of the rows with an outcome: what chance does to a score
BOTH = '{variant=~"champion|candidate"}'
CALLS = '{endpoint="/predict",variant=~"champion|candidate"}'
# counters, not increase(): it guesses what lies between two looks, and minimum samples must not
QUERIES = {
    "seen": f"max by (variant) (timestamp(bentoml_service_request_total{CALLS}))",
    "codes": f"sum by (variant, http_response_code) (bentoml_service_request_total{CALLS})",
    "seconds": f"sum by (variant, le) (bentoml_service_request_duration_seconds_bucket{CALLS})",
    "total": f"sum by (variant) (bentoml_service_request_duration_seconds_sum{CALLS})",
    "labels": f"sum by (variant, version, value) (model_predictions_total{BOTH})",
    "values": f"sum by (variant, version, le) (model_prediction_value_bucket{BOTH})",
}
TOO_LATE = ("503", "504")  # no room, or no time: a full host does that
Counters = dict[str, dict[str, float]]


def ask(query: str) -> list[dict[str, Any]]:
    """Return what Prometheus answers to a query, as it does it: `metric` and `value`.

    Raises:
        OutsideFailed: If it does not answer, or not with a result.
    """
    url = f"{address('PROMETHEUS_PORT')}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    except (*NO_ANSWER, ValueError, KeyError, TypeError) as error:
        raise OutsideFailed(f"Prometheus does not answer: {error}", "is it up?") from error
    return found


def counters(versions: dict[str, str]) -> dict[str, Counters]:
    """Return what each side has counted since its process began, and when that was `seen`.

    Args:
        versions: Of each side; what a process counted for others is left out.

    Raises:
        OutsideFailed: If Prometheus does not answer, or knows nothing of one side.
    """
    found: dict[str, Counters] = {side: {name: {} for name in QUERIES} for side in versions}
    for name, query in QUERIES.items():
        for one in ask(query):
            labelled, value = one["metric"], float(one["value"][1])
            side = labelled["variant"]
            if labelled.get("version", versions[side]) == versions[side] and math.isfinite(value):
                key = next(
                    (labelled[k] for k in ("http_response_code", "le", "value") if k in labelled),
                    "",
                )
                found[side][name][key] = value
    for side, seen in found.items():
        if not seen["codes"]:
            raise OutsideFailed(f"Prometheus knows nothing of the {side}", "is it scraped?")
    return found


def since(now: Counters, before: Counters) -> Counters | None:
    """Return what was added; nothing when a counter went back, as after a restart."""
    added = {
        name: {key: value - before.get(name, {}).get(key, 0.0) for key, value in values.items()}
        for name, values in now.items()
    }
    lost = any(set(values) - set(now.get(name, {})) for name, values in before.items())
    back = any(value < 0 for values in added.values() for value in values.values())
    return None if lost or back else added


def side(added: Counters, limit_ms: float) -> Side:
    """Return counters as what is judged; a latency between two buckets counts as the higher one."""
    calls = sum(added["codes"].values())
    seconds = in_order(added["seconds"])
    bounds = [bound for bound, _ in seconds if bound * 1000 >= limit_ms]
    within = dict(seconds).get(bounds[0], 0.0) if bounds else 0.0
    return Side(
        requests=round(calls),
        errors=round(sum(count for code, count in added["codes"].items() if code[0] == "5")),
        late=round(sum(added["codes"].get(code, 0.0) for code in TOO_LATE)),
        slower=round(max(0.0, (seconds[-1][1] if seconds else 0.0) - within)),
        p95_ms=quantile(seconds, 0.95),
        median_ms=quantile(seconds, 0.5),
        mean_ms=mean(added.get("total", {}), seconds),
        labels=added["labels"],
        values=dict(in_order(added["values"])),
    )


def in_order(buckets: dict[str, float]) -> list[tuple[float, float]]:
    """Return cumulative buckets by their upper bound."""
    return sorted((float(bound), count) for bound, count in buckets.items())


def quantile(seconds: list[tuple[float, float]], part: float) -> float | None:
    """Return the upper bound of the bucket that holds a quantile, in ms; coarse, and never less."""
    total = seconds[-1][1] if seconds else 0.0
    if not total:
        return None
    return 1000 * next(bound for bound, count in seconds if count >= part * total)


def mean(total: dict[str, float], seconds: list[tuple[float, float]]) -> float | None:
    """Return the mean answer in ms; None without an answer."""
    count = seconds[-1][1] if seconds else 0.0
    return 1000 * sum(total.values()) / count if count and total else None


def read(side: str, began: str, version: str) -> pd.DataFrame:
    """Return the rows that one side logged for a version since a moment."""
    start = datetime.fromisoformat(began)
    found = prediction_log.read(
        start, datetime.now(UTC) + timedelta(days=1), schema, LOGS[side]
    ).rows
    return found[found["call.version"] == version]


def alike(champion: pd.DataFrame, candidate: pd.DataFrame) -> tuple[int, float | None]:
    """Join what both answered by request and row.

    Returns:
        How many requests both answered, and the share of their rows that were answered alike.
    """
    key = ["call.id", "call.row"]
    both = champion.merge(candidate, on=key, suffixes=("", " candidate"))
    if both.empty:
        return 0, None
    names = prediction_log.answers(schema)
    mine = outcome.from_columns(both[names], tuple(schema.LABELS))
    theirs = both[[f"{name} candidate" for name in names]].set_axis(names, axis="columns")
    changed = outcome.difference(mine, outcome.from_columns(theirs, tuple(schema.LABELS)))
    return both["call.id"].nunique(), 1 - float(changed["changed"].mean())


def quality(rows: pd.DataFrame, version: str, contract: Contract) -> dict[str, Any]:
    """Return what the outcomes that are known by now say of a version, as `Facts` holds it."""
    bars, at_best = contract.quality, list[float | None]()

    def score(y_true: pd.Series, y_pred: pd.DataFrame) -> dict[str, float]:
        found = metrics.score(y_true, y_pred)
        if not better(found.get(bars.metric), bars.accept, bars):
            at_best.append(at_its_best(y_true, y_pred, bars))
        return found

    if rows.empty:
        return {}
    known = labels.arrived(schema, data)
    held = labels.hold_against(rows[rows["call.version"] == version], known, schema, score)
    found = held.versions.get(version, {"labelled": 0, "scores": {}})
    return {
        "labelled": found["labelled"],
        "score": found["scores"].get(bars.metric),
        "at_best": next(iter(at_best), None),
    }


def at_its_best(y_true: pd.Series, y_pred: pd.DataFrame, bars: Quality) -> float | None:
    """Return the contract's metric as good as the draw of these rows leaves it possible."""
    again = scoring.drawn_anew(y_true, y_pred, RESAMPLES)
    if bars.metric not in again or again[bars.metric].isna().all():
        return None
    return float(again[bars.metric].quantile(1 - DOUBT if bars.better == "higher" else DOUBT))
