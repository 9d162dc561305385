# The template's. Yours are the bars in contract.yaml.
"""Is a version good enough to serve? A table of checks; each can say no by itself."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import first_of
from ..interface import Contract, Quality
from ..training.evaluation import better
from .groups import FEW

SAME = 0.001  # of a score: what another processor may make of the same sum, and more
WORSE = 0.15  # of the bar of calibration: what one training and the next differ by, and more
TOO_GOOD = 0.25  # of how far the champion is off: no training anew becomes so much better
LEAK = 0.1  # MB a request: some 20 times what services that keep nothing grow by while asked
IMPOSSIBLE = 0.01  # of the rows: a line that is fitted crosses the edge now and then


@dataclass(frozen=True)
class Check:
    """One question to a version: what was found, what was expected, and both in a sentence.

    Args:
        unclear: Whether nobody can say by these rows; it passes, and is named.
    """

    name: str
    ok: bool
    found: Any
    expected: Any
    reason: str
    unclear: bool = False


@dataclass(frozen=True)
class Running:
    """What was measured of a service that ran with one version.

    Args:
        p95_ms: Latency.
        memory_mb: Of all its processes.
        grew_mb: By how much that became more with each request, once it was warm.
        answers: To the rows that `benchmark.asked` names, one answer each.
    """

    p95_ms: float
    memory_mb: float
    grew_mb: float = 0.0
    answers: Sequence[dict[str, Any]] = field(default=(), repr=False)


@dataclass(frozen=True)
class Standing:
    """How one version does on the hold-out rows of today, and in a service of today.

    Args:
        version: Its number.
        score: The contract's metric.
        running: Measured beside the others.
        calibration: As `diagnosis.calibration` gives it.
        impossible: Rows, as a share, with a number that the target cannot be.
        off: How far an answer is from what happened, as `groups.squares` measures it.
    """

    version: str
    score: float
    running: Running
    calibration: float = 0.0
    impossible: float = 0.0
    off: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """All that is known about a version when it is judged.

    Args:
        contract: The bars.
        evaluation: What `evaluate` found, as registered beside the model.
        candidate: The version itself.
        champion: The one to beat, measured on the same rows in the same run.
        rows: Of the hold-out.
        calibration_most: The version's, at the worst that other such rows could show.
        calibration_worse: By how much more it is off than the champion, at the least.
        registered: Names and types of the registered signature's inputs; none without one.
        features: Names and types of what `build_features` makes today.
        model_mb: Size of the model's file.
        scores: Of the version on the hold-out, measured anew.
        unsteady: Rows of the hold-out, as a share, that it answers otherwise when asked again.
        unlike: Rows, as a share, to which its service answered otherwise than it predicts here.
        silent: Inputs that may come, and get no number.
        uneven: Groups of rows for which it expects what does not happen.
        at_best: By column and value of a slice of few rows, the metric that as many could show.
        moved: Bars that are not where they were when the champion was trained.
    """

    contract: Contract
    evaluation: dict[str, Any]
    candidate: Standing
    champion: Standing | None
    registered: Mapping[str, str] | None
    features: Mapping[str, str]
    model_mb: float
    scores: Mapping[str, float]
    unsteady: float = 0.0
    unlike: float = 0.0
    rows: int = FEW
    calibration_most: float = 0.0
    calibration_worse: float = 0.0
    silent: Sequence[str] = ()
    uneven: Sequence[str] = ()
    at_best: Mapping[tuple[str, str], float] = field(default_factory=dict)
    moved: Sequence[str] = ()


def judge(seen: Evidence) -> list[Check]:
    """Put every question; the version passes when each answer is ok."""
    return [check for question in QUESTIONS for check in question(seen)]


def target(seen: Evidence) -> list[Check]:
    """Is it as good as the contract asks?"""
    quality = seen.contract.quality
    check = reaches("target", seen.evaluation["metrics"], quality, quality.accept)
    between = seen.evaluation.get("intervals", {}).get(quality.metric)
    worst = between and between[0 if quality.better == "higher" else 1]
    if not check.ok or not between or better(worst, quality.withdraw, quality):
        return [check]
    said = f"{check.reason}; on {seen.rows:,} rows it may be {shown(worst)}, as one to withdraw"
    return [replace(check, reason=said, unclear=True)]


def as_evaluated(seen: Evidence) -> list[Check]:
    """Does it still do what its evaluation says, on the same rows?"""
    told = {name: seen.evaluation["metrics"].get(name) for name in seen.scores}
    unlike = [
        f"{name} is {shown(found)}, it was evaluated as {shown(told[name])}"
        for name, found in seen.scores.items()
        if told[name] is not None and not math.isclose(found, told[name], rel_tol=SAME)
    ]
    reason = "; ".join(unlike) or "its evaluation is confirmed"
    return [Check("as evaluated", not unlike, dict(seen.scores), told, reason)]


def steady(seen: Evidence) -> list[Check]:
    """Does it answer a row alike, whenever and beside whichever rows it is asked?"""
    reason = f"{100 * seen.unsteady:.3g} % of the rows get another answer when asked again"
    return [Check("steady", not seen.unsteady, seen.unsteady, 0, f"{reason}; expected none")]


def served(seen: Evidence) -> list[Check]:
    """Does it answer in a service, a row at a time, as it predicts a whole table?"""
    reason = f"{100 * seen.unlike:.3g} % of the rows get another answer from the service"
    return [Check("served", not seen.unlike, seen.unlike, 0, f"{reason}; expected none")]


def possible(seen: Evidence) -> list[Check]:
    """Can what it answers happen, by the range of the target in the schema?"""
    found, than = seen.candidate.impossible, seen.champion.impossible if seen.champion else 0.0
    limit = max(IMPOSSIBLE, than)
    reason = f"{100 * found:.3g} % of the rows get a number that the target cannot be"
    said = f"{reason}; expected at most {100 * limit:.3g} %"
    return [Check("possible", found <= limit, found, limit, said)]


def complete(seen: Evidence) -> list[Check]:
    """Does it answer with a number whatever the schema lets in?"""
    reason = "; ".join(seen.silent) or "missing and new values are answered too"
    return [Check("complete", not seen.silent, list(seen.silent), [], reason)]


def champion(seen: Evidence) -> list[Check]:
    """Is it better than the champion, by enough, on the same rows?"""
    quality, found = seen.contract.quality, seen.candidate.score
    if seen.champion is None:
        return [Check("champion", True, found, None, "there is no champion yet to compare with")]
    than = seen.champion.score
    reason = (
        f"{quality.metric} {shown(found)} against {shown(than)} of the champion, version "
        f"{seen.champion.version}, on the same rows; expected better by {quality.minimal_change}"
    )
    ok = better(found, than, quality, quality.minimal_change)
    check = Check("champion", ok, found, than, reason)
    off, before = seen.candidate.off, seen.champion.off
    if not ok or off >= TOO_GOOD * before:
        return [check]
    said = f"answers are off by {shown(off)}, the champion's by {shown(before)}"
    said = f"{reason}; {said}: does an input tell the outcome?"
    return [replace(check, reason=said, unclear=True)]


def agreed(seen: Evidence) -> list[Check]:
    """Is it held against the bars of the champion? Others pass, and are named."""
    reason = "; ".join(seen.moved)
    return [Check("contract", True, reason, "", reason, unclear=True)] if reason else []


def baselines(seen: Evidence) -> list[Check]:
    """Is it better than each simple model?"""
    quality = seen.contract.quality
    found = seen.evaluation["metrics"].get(quality.metric)
    checks = []
    for name, scores in seen.evaluation["baselines"].items():
        than = scores.get(quality.metric)
        reason = f"{quality.metric} {shown(found)} against {shown(than)}; expected better"
        ok = better(found, than, quality) and found != than
        checks.append(Check(f"baseline {name}", ok, found, than, reason))
    return checks


def slices(seen: Evidence) -> list[Check]:
    """Is it good enough on each large slice by itself?"""
    rules = seen.contract.slices
    if rules.accept is None:
        return []
    return [
        one_slice(seen, scores, rules.accept)
        for scores in seen.evaluation["slices"]
        if scores["rows"] >= rules.min_rows
    ]


def one_slice(seen: Evidence, scores: dict[str, Any], bar: float) -> Check:
    """Hold one slice against the bar; few rows refuse no version that could meet it."""
    quality, where = seen.contract.quality, f" on {scores['rows']:,} rows"
    name = f"slice {scores['column']}={scores['value']}"
    check = reaches(name, scores, quality, bar, where)
    best = seen.at_best.get((scores["column"], scores["value"]))
    if check.ok or best is None or not better(best, bar, quality):
        return check
    said = f"{check.reason}; so few rows could show {shown(best)} as well"
    return replace(check, ok=True, reason=said, unclear=True)


def signature(seen: Evidence) -> list[Check]:
    """Does the registered model say which inputs it takes, and are those what is made today?"""
    found = None if seen.registered is None else dict(seen.registered)
    expected = dict(seen.features)
    reason = unlike(found, expected)
    said = reason or f"{len(expected)} inputs, as build_features makes them"
    return [Check("signature", not reason, found, expected, said)]


def unlike(found: dict[str, str] | None, expected: dict[str, str]) -> str:
    """Say how a signature differs from the inputs of today, or nothing."""
    if found is None:
        return "the registered model has no signature of its inputs"
    if found == expected and list(found) != list(expected):
        return "the inputs are registered in another order than build_features makes them"
    names = dict.fromkeys([*expected, *found])
    return "; ".join(
        f"input {name!r} is {found.get(name, 'not there')} in the registered signature, "
        f"build_features makes {expected.get(name, 'none')}"
        for name in names
        if found.get(name) != expected.get(name)
    )


def calibration(seen: Evidence) -> list[Check]:
    """Does what it expects happen as often, or as much, as it expects, and as the champion does?"""
    limit, found = seen.contract.quality.calibration, seen.candidate.calibration
    if seen.champion and seen.calibration_worse > (worse := WORSE * limit):
        reason = f"error {shown(found)} against {shown(seen.champion.calibration)} of the champion"
        least = shown(seen.calibration_worse)
        said = f"{reason}, at least {least} worse; expected at most {worse:.3g}"
        return [Check("calibration", False, found, seen.champion.calibration, said)]
    check = at_most("calibration", found, limit, "error")
    few, far = seen.rows < FEW, seen.calibration_most > limit
    if not check.ok or not (few or far):
        return [check]
    at_worst = f", where it may be {shown(seen.calibration_most)}" if far else ""
    said = f"{check.reason}; {seen.rows:,} rows of the hold-out are too few to say{at_worst}"
    return [replace(check, reason=said, unclear=True)]


def groups(seen: Evidence) -> list[Check]:
    """Is it right in each group of rows, and not on the whole alone?"""
    reason = first_of(seen.uneven) or "it is off in no group by more than chance"
    return [Check("groups", not seen.uneven, list(seen.uneven), [], reason)]


def size(seen: Evidence) -> list[Check]:
    """Is the file small enough?"""
    return [at_most("size", seen.model_mb, seen.contract.service.model_mb, "model file", " MB")]


def memory(seen: Evidence) -> list[Check]:
    """Does the service hold it in the memory that it has?"""
    found, limit = seen.candidate.running.memory_mb, seen.contract.service.memory_mb
    check = at_most("memory", found, limit, "service", " MB", beside(seen, "memory_mb", " MB"))
    grew = seen.candidate.running.grew_mb
    most = LEAK + max(seen.champion.running.grew_mb if seen.champion else 0, 0)
    if not check.ok or grew <= most:
        return [check]
    said = f"service grows by {shown(grew)} MB with each request; expected at most {shown(most)} MB"
    return [Check("memory", False, grew, most, said)]


def latency(seen: Evidence) -> list[Check]:
    """Does it answer fast enough?"""
    found, limit = seen.candidate.running.p95_ms, seen.contract.service.latency_p95_ms
    busy = seen.champion is not None and found > limit < seen.champion.running.p95_ms
    note = "; the champion is over it too, so the machine may be busy" if busy else ""
    said = beside(seen, "p95_ms", " ms") + note
    return [at_most("latency", found, limit, "p95", " ms", said)]


QUESTIONS: tuple[Callable[[Evidence], list[Check]], ...] = (
    target,
    as_evaluated,
    steady,
    served,
    possible,
    complete,
    champion,
    agreed,
    baselines,
    slices,
    signature,
    calibration,
    groups,
    size,
    memory,
    latency,
)


def reaches(
    name: str, scores: dict[str, Any], quality: Quality, bar: float, where: str = ""
) -> Check:
    """Hold the contract's metric against a bar."""
    found = scores.get(quality.metric)
    side = "at least" if quality.better == "higher" else "at most"
    reason = f"{quality.metric} {shown(found)}{where}; expected {side} {bar}"
    return Check(name, better(found, bar, quality), found, bar, reason)


def at_most(
    name: str, found: float, limit: float, what: str, unit: str = "", beside: str = ""
) -> Check:
    """Hold a measured number against its limit; one that is not a number does not pass."""
    reason = f"{what} {shown(found)}{unit}; expected at most {limit}{unit}{beside}"
    return Check(name, found <= limit, found, limit, reason)


def beside(seen: Evidence, quantity: str, unit: str) -> str:
    """Name the champion's number from the same run."""
    if seen.champion is None:
        return ""
    found = shown(getattr(seen.champion.running, quantity))
    return f" (champion, version {seen.champion.version}: {found}{unit} in the same run)"


def shown(number: float | None) -> str:
    """Return a number for people."""
    return "none" if number is None else f"{number:.5g}"
