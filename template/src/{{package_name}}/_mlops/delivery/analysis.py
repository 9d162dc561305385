# The template's. Every bound is yours, in contract.yaml: rollout, service and quality.
"""May the candidate go on? Pure judgements of what was measured: no file, no clock, no network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..interface import Contract
from ..training.evaluation import better

Says = Literal["ok", "wait", "abort"]
Then = Literal["promote", "hold", "abort"]
PROMOTE: Then = "promote"
HOLD: Then = "hold"
ABORT: Then = "abort"
DOUBT = 0.01  # chance, at most, that noise alone looks like a candidate beyond a bound
SLOW = 0.05  # share of the answers that may be slower than the contract's p95
# how many times the champion's mean answer the candidate's takes: no host does that to one of two
OWN_FAULT = 2.0
# in the shadow copies wait behind the champion's own answers: this is more than that
BEHIND = 1.25
HELD = "; held: "
NO_ROOM = 0.2  # share of answers that a full host may turn away, or give too late


@dataclass(frozen=True)
class Side:
    """What one side answered since a stage began.

    Args:
        requests: Answered, whatever the status.
        errors: Of them, those with status 5xx.
        late: Of the errors, those with status 503 or 504: no room for them, or no time.
        slower: Of them, those over the contract's latency.
        p95_ms: None without a request.
        median_ms: The same; like p95_ms the upper bound of its bucket.
        mean_ms: The same, exactly.
        labels: Rows by predicted label; empty for numbers.
        values: Rows up to each bound of the predicted value; up to infinity are all of them.
    """

    requests: int = 0
    errors: int = 0
    slower: int = 0
    late: int = 0
    p95_ms: float | None = None
    median_ms: float | None = None
    mean_ms: float | None = None
    labels: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[float, float] = field(default_factory=dict)

    @property
    def rows(self) -> float:
        """How many rows were predicted."""
        return self.values.get(math.inf, 0.0)


@dataclass(frozen=True)
class Facts:
    """All that is known about a stage when it is judged.

    Args:
        candidate: None when nobody could say.
        champion: In the same time.
        before: The champion's answers to compare the candidate's with; None when an earlier stage
            did that, and this one leaves the champion too few.
        earlier: The champion's answers before this stage; None where there are too few.
        overloaded: How busy the host was meanwhile; empty when it had room.
        ended: How the candidate's process ended; empty while it runs.
        silent: Why nothing was measured; empty when something was.
        elapsed: Seconds that the stage has lasted, by a clock that never jumps.
        shadow: Whether both sides answered the same requests.
        pairs: Requests that both sides answered; None when no log is kept.
        alike: Share of their rows that were answered alike.
        labelled: Rows of the candidate whose outcome is known by now.
        score: Of the contract's metric, on these.
        at_best: What that may be, and chance alone have made it worse.
    """

    candidate: Side | None = None
    champion: Side | None = None
    before: Side | None = None
    earlier: Side | None = None
    overloaded: str = ""
    ended: str = ""
    silent: str = ""
    elapsed: float = 0.0
    shadow: bool = False
    pairs: int | None = None
    alike: float | None = None
    labelled: int = 0
    score: float | None = None
    at_best: float | None = None


@dataclass(frozen=True)
class Finding:
    """One question, its answer, and the reason."""

    name: str
    says: Says
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What follows for the candidate, and every finding."""

    says: Then
    findings: list[Finding]
    spoilt: bool = False  # what was counted is the host's fault, and no evidence: count anew

    @property
    def reasons(self) -> list[str]:
        """What decided it."""
        decisive = {PROMOTE: "ok", HOLD: "wait", ABORT: "abort"}[self.says]
        return [f"{one.name}: {one.reason}" for one in self.findings if one.says == decisive]


def judge(facts: Facts, contract: Contract) -> Outcome:
    """Put every question: one abort aborts, one wait holds, and no data is no consent."""
    if facts.ended:
        return Outcome(ABORT, [Finding("process", "abort", facts.ended)])
    if facts.candidate is None or facts.champion is None:
        reason = facts.silent or "nothing was measured"
        return Outcome(HOLD, [Finding("metrics", "wait", reason)])
    findings = [
        lasted(facts.elapsed, contract.rollout.wait_seconds),
        enough(facts.candidate, contract),
        errors(facts.candidate, facts.overloaded, contract),
        latency(facts.candidate, facts.champion, facts, contract),
        shift(facts.candidate, facts.before, contract),
        *([agreement(facts, contract)] if facts.shadow else []),
        quality(facts, contract),
    ]
    said = {one.says for one in findings}
    if "abort" in said:
        return Outcome(ABORT, findings)
    held = any(one.says == "wait" and HELD in one.reason for one in findings)
    spoilt = held and facts.candidate.requests >= contract.rollout.min_requests
    return Outcome(HOLD if "wait" in said else PROMOTE, findings, spoilt)


def lasted(elapsed: float, wait: float) -> Finding:
    """Has the stage lasted long enough?"""
    reason = f"{elapsed:.0f} s; a step lasts at least {wait:g} s"
    return Finding("time", "ok" if elapsed >= wait else "wait", reason)


def enough(candidate: Side, contract: Contract) -> Finding:
    """Did the candidate answer often enough to be judged?"""
    least = contract.rollout.min_requests
    reason = f"{candidate.requests:,} of the {least:,} that a step needs"
    return Finding("requests", "ok" if candidate.requests >= least else "wait", reason)


def errors(candidate: Side, overloaded: str, contract: Contract) -> Finding:
    """Does it fail too often? Said at once when all that is missing could not make up for it."""
    rollout = contract.rollout
    whole = max(candidate.requests, rollout.min_requests)
    allowed = rollout.max_error_rate * whole
    reason = (
        f"{candidate.errors:,} of {candidate.requests:,} answers failed; "
        f"expected at most {percent(rollout.max_error_rate)} of {rollout.min_requests:,} or more"
    )
    if candidate.errors <= allowed:
        return Finding("errors", "ok", reason)
    own = candidate.errors - candidate.late
    if overloaded and own <= allowed and candidate.late <= NO_ROOM * whole:
        reason = f"{reason}; {candidate.late:,} found no room or time{HELD}{overloaded}"
        return Finding("errors", "wait", reason)
    return Finding("errors", "abort", reason)


def latency(candidate: Side, champion: Side, facts: Facts, contract: Contract) -> Finding:
    """Is it too slow, and is that its own fault? A busy host slows the champion too."""
    limit = contract.service.latency_p95_ms
    same_time = champion.requests >= contract.rollout.min_requests
    if not same_time:  # the last steps leave it too few
        champion = facts.earlier or champion
    found, beside = (
        share(candidate.slower, candidate.requests),
        share(champion.slower, champion.requests),
    )
    reason = (
        f"p95 {shown(candidate.p95_ms)} ms (champion: {shown(champion.p95_ms)}), "
        f"{percent(found)} over {limit:g} ms (champion: {percent(beside)}); "
        f"expected at most {percent(SLOW)}"
    )
    surely = found - margin(candidate.requests) > SLOW
    if candidate.requests and champion.requests:
        surely &= found - beside > margin(1 / (1 / candidate.requests + 1 / champion.requests))
    times = slower_by(candidate, champion)
    own_fault = same_time and times is not None and times >= OWN_FAULT
    own_fault &= a_bucket_higher(candidate, champion)
    held = overload(champion, facts)
    if found > SLOW and held and not own_fault:
        return Finding("latency", "wait", f"{reason}{HELD}{held}")
    if facts.shadow and times is not None and times < BEHIND:
        surely = False
    return weighed("latency", reason, found <= SLOW, surely, candidate, contract)


def overload(champion: Side, facts: Facts) -> str:
    """Say what slows both sides; nothing when nothing is known to."""
    if facts.overloaded:
        return facts.overloaded
    times = slower_by(champion, facts.earlier) if facts.earlier else None
    if facts.earlier and times and times >= OWN_FAULT and a_bucket_higher(champion, facts.earlier):
        return f"the champion takes {shown(champion.mean_ms)} ms, {times:.1f} times as before"
    return ""


def slower_by(one: Side, other: Side) -> float | None:
    """Return how many times as long a mean answer takes; None where nobody knows."""
    return one.mean_ms / other.mean_ms if one.mean_ms and other.mean_ms else None


def a_bucket_higher(one: Side, other: Side) -> bool:
    """Say whether the typical answer is slower too, and not a few that were held up."""
    return (one.median_ms or 0.0) > (other.median_ms or 0.0)


def shift(candidate: Side, before: Side | None, contract: Contract) -> Finding:
    """Are its answers spread like the champion's, as labels and as numbers?"""
    if before is None:
        return Finding("answers", "ok", "compared with the champion's in an earlier step")
    limit, least = contract.rollout.max_shift, contract.rollout.min_requests
    known = min(candidate.requests, candidate.rows), min(before.requests, before.rows)
    if min(known) < least:
        reason = f"{known[0]:,.0f} answers beside {known[1]:,.0f} of the champion; {least:,} needed"
        return Finding("answers", "wait", reason)
    found = max(apart(candidate.labels, before.labels), furthest(candidate.values, before.values))
    surely = found - margin(1 / (1 / known[0] + 1 / known[1]), len(candidate.labels)) > limit
    reason = f"their distribution is {found:.3f} from the champion's; expected at most {limit}"
    return weighed("answers", reason, found <= limit, surely, candidate, contract)


def agreement(facts: Facts, contract: Contract) -> Finding:
    """Did both sides answer the same requests alike?"""
    bar, least = contract.rollout.min_agreement, contract.rollout.min_requests
    if facts.pairs is None:
        return Finding("agreement", "ok", "no prediction log is kept: judged by distribution alone")
    if facts.alike is None or facts.pairs < least:
        reason = f"{facts.pairs:,} requests answered by both; {least:,} needed"
        return Finding("agreement", "wait", reason)
    surely = facts.alike + margin(facts.pairs) < bar
    reason = f"{percent(facts.alike)} of the rows answered alike; expected at least {percent(bar)}"
    says: Says = "ok" if facts.alike >= bar else "abort" if surely else "wait"
    return Finding("agreement", says, reason)


def quality(facts: Facts, contract: Contract) -> Finding:
    """Is it good enough where the outcome is known by now? Most labels come later."""
    bars, least = contract.quality, contract.monitoring.min_labels
    if facts.labelled < least or facts.score is None or math.isnan(facts.score):
        return Finding("quality", "ok", f"not known yet: {facts.labelled:,} of {least:,} labels")
    reason = f"{bars.metric} {facts.score:.3f} on {facts.labelled:,} labels; expected {bars.accept}"
    if better(facts.score, bars.accept, bars):
        return Finding("quality", "ok", reason)
    if better(facts.at_best, bars.accept, bars):
        reason = f"not known yet: {reason}, and by chance alone it may be {facts.at_best:.3f}"
        return Finding("quality", "ok", reason)
    return Finding("quality", "abort", reason)


def weighed(
    name: str, reason: str, ok: bool, surely: bool, candidate: Side, contract: Contract
) -> Finding:
    """Say no only to what noise cannot explain, and yes only to what is within its bound."""
    if ok:
        return Finding(name, "ok", reason)
    known = candidate.requests >= contract.rollout.min_requests
    return Finding(name, "abort" if surely and known else "wait", reason)


def margin(count: float, labels: int = 2) -> float:
    """Return how far a share of so many answers may be off by chance (Hoeffding's bound)."""
    sets = max(labels, 1) * math.log(2)
    return math.sqrt((sets - math.log(DOUBT)) / (2 * count)) if count else 1.0


def share(part: float, whole: float) -> float:
    """Return a part of a whole; nothing of nothing."""
    return part / whole if whole else 0.0


def apart(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the share of rows that would need another label to be spread alike, 0 to 1."""
    totals = sum(one.values()), sum(other.values())
    names = {*one, *other}
    moved = (
        abs(share(one.get(name, 0), totals[0]) - share(other.get(name, 0), totals[1]))
        for name in names
    )
    return sum(moved) / 2


def furthest(one: Mapping[float, float], other: Mapping[float, float]) -> float:
    """Return the largest distance of two cumulative distributions (Kolmogorov–Smirnov), 0 to 1.

    They are compared at the bounds that both have: versions may count in other buckets.
    """
    totals = one.get(math.inf, 0.0), other.get(math.inf, 0.0)
    gaps = (
        abs(share(one[bound], totals[0]) - share(other[bound], totals[1]))
        for bound in {*one} & {*other}
    )
    return max(gaps, default=0.0)


def percent(part: float) -> str:
    """Return a share for people."""
    return f"{100 * part:.3g} %"


def shown(number: float | None) -> str:
    """Return milliseconds for people."""
    return "none" if number is None else f"{number:.0f}"
