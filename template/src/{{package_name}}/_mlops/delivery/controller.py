# The template's. Steps, waits and bounds are yours, in contract.yaml: rollout.
"""A version takes over the traffic stage by stage, and gives it back when it may not go on."""

import time
from collections.abc import Callable
from typing import Any

import click
import psutil

from .. import paths
from ..errors import OutsideFailed, Problem, Refused
from ..files import one_writer, read_json
from ..interface import Contract
from ..registry import journal, versions
from ..serving import switch
from . import analysis, canary_metrics, runner, slot, state, traffic
from .ports import address
from .state import Rollout

LONGEST = 15.0  # seconds between two looks
BUSY = 90  # per cent of the cores' time, with what other guests of the machine took
OFTEN = 0.25  # share of the looks from which on a stage was measured on a busy host
Tell = Callable[[Rollout, str], None]


class Stopped(Refused):
    """A person, or a judgement, ended the rollout."""


def begin(version: versions.Version, champion: str, contract: Contract, forced: str) -> Rollout:
    """Write down a new rollout; nothing is started yet.

    Args:
        version: The candidate.
        champion: The version that it is to replace.
        contract: The stages.
        forced: Why it goes without the gate.
    """
    last = state.load()
    rollout = Rollout(
        number=last.number + 1 if last else 0,
        version=version.number,
        champion=champion,
        stages=state.stages(contract.rollout),
        began=journal.now("milliseconds"),
        forced=forced,
    )
    state.STOP.unlink(missing_ok=True)
    record("rollout started", rollout, stages=rollout.stages, forced=forced)
    state.save(rollout)
    return rollout


def record(event: str, rollout: Rollout, **facts: Any) -> None:
    """Tell the journal, before the state is saved, unless a command that was killed has told it."""
    told = [line for line in journal.lines()[0] if str(line.get("event")).startswith("rollout ")]
    latest = told[-1] if told else {}
    same = (latest.get("event"), latest.get("version")) == (event, rollout.version)
    if not same or latest.get("passed") != facts.get("passed"):
        journal.record(event, version=rollout.version, **facts)


def carry_on(rollout: Rollout, contract: Contract, tell: Tell) -> None:
    """Lead a rollout from where it stands to its end.

    Raises:
        Refused: If it was aborted; the champion has every caller again.
        OutsideFailed: If something outside failed; it stands where it stood, to be carried on.
    """
    lead = {state.PREPARE: prepare, state.PROMOTE: promote}
    try:
        while rollout.open:
            require_wanted()
            require_champion(rollout)
            lead.get(rollout.stage, observe)(rollout, contract, tell)
    except Refused as problem:
        abort(rollout, str(problem))
        tell(rollout, state.ABORTED)
        message = f"version {rollout.version} is aborted in {rollout.history[-1]['stage']}"
        raise Refused(f"{message}: {problem}", f"version {answering()} answers") from problem


def prepare(rollout: Rollout, contract: Contract, tell: Tell) -> None:
    """Start the candidate beside the champion."""
    slot.fill(versions.find(rollout.version))
    slot.start(rollout.version)
    proceed(rollout, ["it answers"])


def observe(rollout: Rollout, contract: Contract, tell: Tell) -> None:
    """Give the candidate its share, and look until it may go on.

    Raises:
        Stopped: If it may not.
    """
    traffic.switch_to(flags(rollout))
    click.echo(f"rollout: version {rollout.version}: {named(rollout)}", err=True)
    pause = max(0.2, min(LONGEST, contract.rollout.wait_seconds / 10))
    last = time.monotonic()
    while True:
        time.sleep(pause)
        require_wanted()
        require_champion(rollout)
        # a clock that jumps, or a machine that slept, must not make a step look long
        moment = time.monotonic()
        rollout.elapsed += max(0.0, min(moment - last, 2 * pause))
        last = moment
        outcome = analysis.judge(facts(rollout, contract), contract)
        if outcome.says == analysis.PROMOTE:
            outcome = analysis.judge(facts(rollout, contract, labelled=True), contract)
        rollout.reasons = outcome.reasons
        if outcome.says == analysis.ABORT:
            raise Stopped("; ".join(outcome.reasons))
        if outcome.says == analysis.PROMOTE:
            proceed(rollout, outcome.reasons)
            return
        if outcome.spoilt:
            rollout.reset_reason = next(one for one in outcome.reasons if analysis.HELD in one)
            rollout.count_anew()
        elif rollout.reset_reason and not any(analysis.HELD in one for one in outcome.reasons):
            rollout.reasons = [*outcome.reasons, f"counted anew after {rollout.reset_reason}"]
        if rollout.elapsed > contract.rollout.patience_seconds and rollout.state != state.HELD:
            rollout.state = state.HELD
            record("rollout held", rollout, reasons=rollout.reasons)
            click.echo(f"rollout: held: {'; '.join(rollout.reasons)}", err=True)
            tell(rollout, state.HELD)
        state.save(rollout)


def flags(rollout: Rollout) -> list[str]:
    """Return the flags of a stage."""
    if rollout.stage == state.SHADOW:
        return traffic.shadow(rollout.number)
    return traffic.canary(rollout.percent, rollout.number)


def facts(rollout: Rollout, contract: Contract, labelled: bool = False) -> analysis.Facts:
    """Return what is known about the stage; what nobody can say is not known.

    Args:
        rollout: Its counters are those from which the stage counts.
        contract: The latency that counts as slow, the metric.
        labelled: Whether to look for outcomes as well, which reads the data.
    """
    shadow = rollout.stage == state.SHADOW
    known: dict[str, Any] = {"elapsed": rollout.elapsed, "shadow": shadow, "ended": slot.ended()}
    sides = {
        canary_metrics.CHAMPION: rollout.champion,
        canary_metrics.CANDIDATE: rollout.version,
    }
    try:
        counted = canary_metrics.counters(sides)
    except OutsideFailed as problem:
        return analysis.Facts(**known, silent=str(problem))
    if not rollout.counted:
        # what Prometheus knew at the first look may be from before the switch
        seen = {side: one["seen"] for side, one in counted.items()}
        rollout.seen = rollout.seen or seen
        if all(rollout.seen[side] != seen[side] for side in seen):
            rollout.counted = counted
        return analysis.Facts(**known, silent="the stage has only begun")
    limit = contract.service.latency_p95_ms
    mine = canary_metrics.since(
        counted[canary_metrics.CANDIDATE], rollout.counted[canary_metrics.CANDIDATE]
    )
    theirs = canary_metrics.since(
        counted[canary_metrics.CHAMPION], rollout.counted[canary_metrics.CHAMPION]
    )
    if mine is None:
        return analysis.Facts(**known, silent="the candidate's counters went back")
    candidate = canary_metrics.side(mine, limit)
    known["overloaded"] = overloaded(rollout, psutil.cpu_percent())
    known["earlier"] = earlier(rollout, contract)
    # a champion that was started anew counts from there
    champion = canary_metrics.side(theirs or counted[canary_metrics.CHAMPION], limit)
    rollout.candidate = observed_share(candidate, champion, shadow)
    if shadow and contract.prediction_log.enabled:
        known["pairs"], known["alike"] = agreement(rollout)
        rollout.agreement = known["alike"]
    if labelled:
        rows = canary_metrics.read(canary_metrics.CANDIDATE, rollout.began, rollout.version)
        known |= canary_metrics.quality(rows, rollout.version, contract)
    before = yardstick(rollout, counted[canary_metrics.CHAMPION], champion, contract)
    return analysis.Facts(**known, candidate=candidate, champion=champion, before=before)


def overloaded(rollout: Rollout, busy: float) -> str:
    """Say how busy the host was while the stage counted; nothing when it mostly had room.

    Args:
        rollout: Its stage; the look is added.
        busy: Per cent of the cores' time since the last look.
    """
    rollout.looks += 1
    rollout.busy += busy >= BUSY
    if rollout.busy < OFTEN * rollout.looks:
        return ""
    cores = psutil.cpu_count() or 1
    looks = f"{rollout.busy} of {rollout.looks} looks"
    return f"the host is overloaded, its {cores} cores were busy in {looks}"


def earlier(rollout: Rollout, contract: Contract) -> analysis.Side | None:
    """Return what the champion answered before this stage, where that is enough to compare with."""
    counted = rollout.counted[canary_metrics.CHAMPION]
    found = canary_metrics.side(counted, contract.service.latency_p95_ms)
    return found if found.requests >= contract.rollout.min_requests else None


def yardstick(
    rollout: Rollout, counted: canary_metrics.Counters, stage: analysis.Side, contract: Contract
) -> analysis.Side | None:
    """Return which answers of the champion a stage's are compared with.

    Those of the same time: other hours have other callers. Where it has too few callers left, an
    earlier stage has done that; in blue/green without a shadow none has, and all that its process
    ever counted is the best there is.
    """
    if rollout.stage == state.SHADOW or stage.requests >= contract.rollout.min_requests:
        return stage
    return None if rollout.judged else canary_metrics.side(counted, contract.service.latency_p95_ms)


def observed_share(mine: analysis.Side, theirs: analysis.Side, shadow: bool) -> float | None:
    """Return the share of the traffic that reached the candidate; of a shadow, its coverage.

    Prometheus asks the two in turn, so a shadow may seem to have answered more than there was.
    Copies of requests that the shadow left in flight, at most 16, count in the step after it.
    """
    whole = max(mine.requests, theirs.requests) if shadow else mine.requests + theirs.requests
    return round(mine.requests / whole, 4) if whole else None


def agreement(rollout: Rollout) -> tuple[int, float | None]:
    """Compare what both sides answered to the same requests."""
    return canary_metrics.alike(
        canary_metrics.read(canary_metrics.CHAMPION, rollout.began, rollout.champion),
        canary_metrics.read(canary_metrics.CANDIDATE, rollout.began, rollout.version),
    )


def promote(rollout: Rollout, contract: Contract, tell: Tell) -> None:
    """Make the version champion while its own process answers everybody, then step aside.

    Raises:
        Stopped: If the champion's process does not take it; then the old one is champion again.
    """
    traffic.switch_to(traffic.canary(100, rollout.number))
    version = versions.find(rollout.version)
    before = versions.read_pointer() or {}
    with one_writer(paths.MODELS / ".lock"):
        require_champion(rollout)
        pointer = switch.switch(version, rollout.forced)
        if versions.by_alias(versions.CHALLENGER) == version:
            versions.set_alias(versions.CHALLENGER, None)
    anew = other_code(before, pointer)
    if anew:
        runner.stop("champion")
        runner.start("champion")
    try:
        switch.require_served(address("CHAMPION_PORT"), pointer)
    except OutsideFailed as problem:
        if anew:  # the old version fits other code: the candidate goes on answering everybody
            raise
        with one_writer(paths.MODELS / ".lock"):
            switch.roll_back(f"not confirmed: {problem}")
        raise Stopped(f"the champion's process did not take it: {problem}") from problem
    traffic.all_to_champion()
    slot.clear()
    rollout.leave(
        state.PROMOTED,
        [f"champion instead of version {rollout.champion}"],
        journal.now("milliseconds"),
    )
    rollout.state = state.PROMOTED
    record("rollout finished", rollout, instead_of=rollout.champion)
    state.save(rollout)
    click.echo(f"rollout: version {rollout.version} is champion", err=True)


def other_code(before: dict[str, Any], pointer: dict[str, Any]) -> bool:
    """Say whether the running champion's code makes other features than this version needs."""
    folders = [paths.CHAMPION / str(one.get("model_sha256", "")) for one in (before, pointer)]
    if not all((folder / "manifest.json").is_file() for folder in folders):
        return True
    codes = {read_json(folder / "manifest.json")["features_sha256"] for folder in folders}
    return len(codes) > 1


def abort(rollout: Rollout, reason: str) -> None:
    """Give every caller back to the champion, first of all; then stop the candidate and say why."""
    traffic.all_to_champion()
    slot.clear()
    rollout.leave(state.ABORTED, [reason], journal.now("milliseconds"))
    rollout.state = state.ABORTED
    state.save(rollout)  # before the journal: nobody may carry on with it
    state.STOP.unlink(missing_ok=True)
    complete(rollout)


def complete(ended: Rollout | None) -> None:
    """Tell the journal of an abort, unless it knows: the command that aborted may be killed."""
    if ended and ended.state == state.ABORTED:
        record("rollout aborted", ended, stage=ended.stage, reason="; ".join(ended.reasons))


def require_wanted() -> None:
    """Raise `Stopped` when a person asked to abort, with that person's reason."""
    if state.STOP.is_file():
        try:
            reason = str(read_json(state.STOP)["reason"])
        except (Problem, KeyError, TypeError):
            reason = "no reason can be read"
        raise Stopped(reason)


def require_champion(rollout: Rollout) -> None:
    """Raise `Stopped` when another version became champion than the one it is compared with."""
    expected = {rollout.champion}
    if rollout.stage == state.PROMOTE:  # which may have switched already before it was killed
        expected.add(rollout.version)
    if (found := answering()) not in expected:
        message = f"version {found} became champion meanwhile"
        raise Stopped(f"{message}; it was compared with version {rollout.champion}")


def answering() -> str:
    """Return the champion's version, as the pointer has it now."""
    return str((versions.read_pointer() or {}).get("version", "none"))


def proceed(rollout: Rollout, reasons: list[str]) -> None:
    """Enter the next stage."""
    rollout.leave(analysis.PROMOTE, reasons, journal.now("milliseconds"))
    record("rollout step", rollout, passed=rollout.stage, share=rollout.candidate)
    rollout.enter(rollout.following(), journal.now("milliseconds"))
    state.save(rollout)


def named(rollout: Rollout) -> str:
    """Return a stage for people."""
    if rollout.stage == state.SHADOW:
        return "shadow: it answers a copy of the traffic"
    return f"{rollout.percent} % of the callers"
