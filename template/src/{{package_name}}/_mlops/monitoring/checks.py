# The template's. Every bound is yours: contract.yaml, and section drift of params.yaml.
"""Is what was found within its bound, and since when? Pure judgements: no file, no clock."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..errors import counted
from ..interface import Contract, Monitoring, Owner, Quality

OKAY, RETRAIN, WITHDRAW = "ok", "retrain", "withdraw"
EXIT = {OKAY: 0, RETRAIN: 10, WITHDRAW: 11}
State = Literal["ok", "raised", "too few", "not known yet"]

INPUTS, PREDICTIONS, AGE = "input drift", "prediction drift", "age"
QUALITY, HARM = "quality", "harm"
LATENCY, ERRORS = "latency", "errors"
ACTED_ON = (HARM, ERRORS)  # slow answers are a reason to talk, not to stop answering


@dataclass(frozen=True)
class Check:
    """One claim about the champion in a window.

    Args:
        name: What was looked at.
        found: A share, a score, days or milliseconds, as the bound.
        bound: From which on it is raised.
        state: `too few` and `not known yet` are neither good nor bad.
        says: What an alarm asks for, `retrain` or `withdraw`.
        detail: In words, with counts.
        raised_in: In how many of the latest windows, this one among them.
        alarm: Whether these are enough.
    """

    name: str
    found: float | None
    bound: float
    state: State
    says: str
    detail: str = ""
    raised_in: int = 0
    alarm: bool = False

    @property
    def judged(self) -> bool:
        """Say whether there was enough for a verdict."""
        return self.state in ("ok", "raised")


@dataclass(frozen=True)
class Facts:
    """What was measured in a window; nothing where it could not be.

    Args:
        rows: Predicted rows, by whichever version.
        champion_rows: Those that the champion predicted.
        drifted_share: Of the columns compared.
        drifted: Names of the columns that drifted.
        looks: As seasons do, as another population, or broken; empty when it was not judged.
        seasonal: Whether they moved no further than seasons did.
        prediction_drift: Distance of the champion's predictions, the largest one.
        prediction_drifted: Whether a column of them drifted.
        labelled: The champion's rows whose outcome is known.
        quality: The contract's metric on them.
        age_days: From the newest row that the champion was trained on to the newest row here.
        requests: That were not at fault themselves.
        failed: Of these, answered 5xx.
        lines: Predicted rows, and requests that failed.
        latency_p95_ms: Of requests that were answered.
    """

    rows: int
    champion_rows: int
    drifted_share: float | None = None
    drifted: Sequence[str] = ()
    looks: str = ""
    seasonal: bool = False
    prediction_drift: float | None = None
    prediction_drifted: bool = False
    labelled: int = 0
    quality: float | None = None
    age_days: float | None = None
    requests: int = 0
    failed: int = 0
    lines: int = 0
    latency_p95_ms: float | None = None


def judge(
    facts: Facts, contract: Contract, drift_share: float, prediction_bound: float
) -> list[Check]:
    """Hold the facts of a window against the contract and the drift rules of params.yaml."""
    few, quality = contract.monitoring, contract.quality
    share_failed = facts.failed / facts.requests if facts.requests else None
    of_rows = f"{counted(facts.rows, 'row')}"
    beyond = facts.drifted_share is not None and facts.drifted_share >= drift_share
    looks = f"; {facts.looks}" if facts.looks else ""
    of_champion = f"{counted(facts.champion_rows, 'row')} of the champion"
    of_labels = f"{facts.labelled:,} labelled rows of the champion"
    of_requests = f"{facts.failed:,} of {counted(facts.requests, 'request')}"
    return [
        check(
            INPUTS,
            facts.drifted_share,
            drift_share,
            beyond and not facts.seasonal,
            facts.rows >= few.min_rows,
            RETRAIN,
            f"{of_rows}; drifted: {', '.join(facts.drifted) or 'none'}{looks}",
        ),
        check(
            PREDICTIONS,
            facts.prediction_drift,
            prediction_bound,
            facts.prediction_drifted,
            facts.champion_rows >= few.min_rows,
            RETRAIN,
            of_champion,
        ),
        *(
            check(
                name,
                facts.quality,
                bar,
                worse(facts.quality, bar, quality),
                facts.labelled >= few.min_labels or not facts.labelled,
                says,
                f"{quality.metric}, {of_labels}",
            )
            for name, bar, says in (
                (QUALITY, quality.retrain, RETRAIN),
                (HARM, quality.withdraw, WITHDRAW),
            )
        ),
        check(
            AGE,
            facts.age_days,
            few.max_age_days,
            (facts.age_days or 0) > few.max_age_days,
            True,
            RETRAIN,
            "days since the newest row that the champion was trained on",
        ),
        check(
            LATENCY,
            facts.latency_p95_ms,
            contract.service.latency_p95_ms,
            (facts.latency_p95_ms or 0) > contract.service.latency_p95_ms,
            facts.lines >= few.min_rows,
            WITHDRAW,
            "ms within which 95 of 100 requests were answered",
        ),
        check(
            ERRORS,
            share_failed,
            round(1 - contract.service.availability, 9),
            (share_failed or 0) > round(1 - contract.service.availability, 9),
            facts.lines >= few.min_rows,
            WITHDRAW,
            f"{of_requests} failed",
        ),
    ]


def check(
    name: str,
    found: float | None,
    bound: float,
    beyond: bool,
    enough: bool,
    says: str,
    detail: str,
) -> Check:
    """Return a check in its state: nothing found, or too little of it, is no verdict."""
    state: State = "raised" if beyond else "ok"
    if not enough:
        state = "too few"
    elif found is None:
        state = "not known yet"
    return Check(name, found, bound, state, says, detail)


def worse(found: float | None, bar: float, quality: Quality) -> bool:
    """Say whether a score misses a bar of the contract."""
    if found is None:
        return False
    return found < bar if quality.better == "higher" else found > bar


def with_alarms(
    checks: list[Check], earlier: Sequence[Sequence[str]], rules: Monitoring
) -> list[Check]:
    """Say which findings are alarms: raised now, and in enough of the latest windows.

    Args:
        checks: Of this window.
        earlier: Names raised in each window of this champion before it, oldest first.
        rules: How many windows count, and how many of them make an alarm.
    """
    counted = list(earlier)[-(rules.windows - 1) :] if rules.windows > 1 else []
    found = []
    for one in checks:
        now = one.state == "raised"
        times = now + sum(one.name in raised for raised in counted)
        found.append(replace(one, raised_in=times, alarm=now and times >= rules.alarms))
    return found


def verdict(checks: Sequence[Check]) -> str:
    """Return the worst that an alarm asks for."""
    return max((one.says for one in checks if one.alarm), key=EXIT.__getitem__, default=OKAY)


def worst(checks: Sequence[Check]) -> Check | None:
    """Return the alarm that decides the verdict, or nothing."""
    alarms = [one for one in checks if one.alarm]
    return max(alarms, key=lambda one: EXIT[one.says], default=None)


def owner(one: Check | None, contract: Contract) -> Owner:
    """Return who answers for a finding; for none, the owner of the model."""
    if one and one.name in (LATENCY, ERRORS):
        return contract.owners.service
    if one and one.name == INPUTS:
        return contract.owners.data
    return contract.owners.model


def say(one: Check, rules: Monitoring) -> str:
    """Return a raised check as one line."""
    found = f"{one.name}: {one.found:.4g} against {one.bound:.4g} ({one.detail})"
    times = f"raised in {one.raised_in} of the last {rules.windows} windows"
    if one.alarm:
        return f"{found}; {times}: {one.says}"
    return f"{found}; {times}, an alarm from {rules.alarms}"


def records(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Return checks as JSON holds them."""
    return [asdict(one) for one in checks]
