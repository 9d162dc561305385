# The template's. Steps, waits and bounds are yours, in contract.yaml: rollout.
"""Who may start a rollout, what a killed one leaves behind, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from ..conftest import journal
from ..fixtures import Repo
from ..package import (
    controller,
    errors,
    files,
    interface,
    paths,
    rollout,
    runner,
    runs,
    state,
    traffic,
    versions,
)

QUALITY = interface.Quality(metric="m", accept=1, retrain=1, withdraw=1)


def contract(**rules: Any) -> interface.Contract:
    return interface.Contract(quality=QUALITY, rollout=interface.Rollout(**rules))


@pytest.fixture
def there(own_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Move to a repo of the test's own."""
    monkeypatch.chdir(own_repo.folder)
    return own_repo


def started(repo: Repo, stage: str, **facts: Any) -> state.Rollout:
    """Leave a rollout of version 2 in a stage, as a killed controller does."""
    stages = state.stages(interface.Rollout())
    left = state.Rollout(number=3, version="2", champion="1", stages=stages, stage=stage, **facts)
    state.save(left)
    traffic.switch_to(controller.flags(left))
    return left


def accepted(repo: Repo) -> None:
    """Make the repo's version the challenger, and another its champion."""
    runs.client().set_model_version_tag(versions.PROJECT, "1", "gate", "accepted")
    versions.set_alias(versions.CHALLENGER, "1")


def test_blue_green_is_one_step() -> None:
    assert state.stages(interface.Rollout(shadow=False, steps=[100])) == [
        "prepare",
        "100",
        "promote",
    ]
    assert state.stages(interface.Rollout())[:3] == ["prepare", "shadow", "1"]


def test_a_schedule_proposes_and_a_person_starts(there: Repo) -> None:
    accepted(there)
    done = there.run("rollout", "run")

    assert done.code == 1
    assert "waits for a person to start it" in done.err
    assert "uv run just rollout start 1" in done.err
    assert not (there.folder / state.FILE).exists()


def test_without_a_challenger_a_schedule_does_nothing(there: Repo) -> None:
    assert "there is no challenger" in there.must("rollout", "run").err


def test_with_act_a_schedule_starts_by_itself_but_never_again_what_was_aborted(
    there: Repo,
) -> None:
    accepted(there)
    text = (there.folder / paths.CONTRACT).read_text(encoding="utf-8")
    (there.folder / paths.CONTRACT).write_text(f"{text}\nrollout: {{autonomy: act}}\n")
    acts = there.run("rollout", "run")
    state.save(state.Rollout(0, "1", "9", [], state="aborted", reasons=["it was slow"]))
    again = there.run("rollout", "run")

    assert "the stack is not up" in acts.err  # it did try
    assert again.code == 1
    assert "version 1 was aborted: it was slow" in again.err


def test_a_killed_one_is_carried_on_and_not_started_beside(there: Repo) -> None:
    left = started(there, "20", elapsed=7.5, reasons=["requests: 3"])
    done = there.run("rollout", "start", "1")

    assert done.code == 1
    assert "the rollout of version 2 is running, in 20" in done.err
    assert state.load() == left
    assert "20 % of the callers" in there.must("rollout", "status").out


def test_to_abort_gives_every_caller_back_also_when_nobody_leads(there: Repo) -> None:
    started(there, "20")
    there.must("rollout", "abort", "--reason", "too many complaints")
    ended = json.loads(there.must("rollout", "status", "--json").out)

    assert traffic.present() == set()
    assert (ended["state"], ended["reasons"]) == ("aborted", ["too many complaints"])
    assert journal(there)[-1]["event"] == "rollout aborted"
    assert there.run("rollout", "abort", "--reason", "again").code == 2


def test_one_that_is_led_elsewhere_is_asked_to_end(there: Repo) -> None:
    started(there, "20")
    with files.one_writer(state.LOCK):
        said = there.must("rollout", "abort", "--reason", "too slow").err

    assert "is ending it" in said
    assert traffic.present() == set()
    with pytest.raises(controller.Stopped, match="too slow"):
        controller.require_wanted()


def test_two_cannot_lead_at_once(there: Repo) -> None:
    started(there, "20")
    with files.one_writer(state.LOCK):
        done = there.run("rollout", "run")

    assert done.code == 3
    assert "is held by another command" in done.err


def test_a_champion_of_another_s_making_ends_what_was_compared_with_the_one_before(
    there: Repo,
) -> None:
    left = started(there, "20")
    left.champion = "9"
    with pytest.raises(errors.Refused, match="version 1 became champion meanwhile") as refused:
        controller.carry_on(left, contract(), lambda told, what: None)

    assert refused.value.hint == "version 1 answers"
    assert traffic.present() == set()
    assert left.state == state.ABORTED


def test_a_promotion_between_the_question_and_the_start_ends_it(
    there: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted = versions.read_pointer()
    asked = [{"version": "9", "model_sha256": "9"}]
    monkeypatch.setattr(runner, "running", lambda: True)
    monkeypatch.setattr(runner, "alive", lambda name: False)
    monkeypatch.setattr(rollout.host, "refresh", lambda: "")
    monkeypatch.setattr(versions, "read_pointer", lambda: asked.pop() if asked else promoted)
    done = there.run("rollout", "start", "1", "--force", "it is a test")
    left = state.load()

    assert (done.code, "version 1 became champion meanwhile" in done.err) == (1, True)
    assert left is not None
    assert (left.champion, left.state) == ("9", state.ABORTED)


def test_one_that_was_killed_after_its_own_switch_goes_on(there: Repo) -> None:
    left = started(there, "promote")
    left.version, left.champion = "1", "9"
    controller.require_champion(left)


def test_what_is_champion_already_can_be_aborted_no_more(there: Repo) -> None:
    left = started(there, "20")
    load = state.load

    def ended() -> state.Rollout | None:  # between the first look and the second
        state.load = load
        left.state = state.PROMOTED
        state.save(left)
        return state.Rollout(number=3, version="2", champion="1", stages=[])

    state.load = ended
    done = there.run("rollout", "abort", "--reason", "too late")

    assert (done.code, "became champion before it could be aborted" in done.err) == (1, True)


def test_the_champion_is_no_candidate(there: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "running", lambda: True)
    done = there.run("rollout", "start", "1")

    assert done.code == 2
    assert "version 1 is champion already" in done.err


UNSEALED = '{"number": 1, "version": "2", "champion": "1", "stages": 5}'


@pytest.mark.parametrize("content", ['{"version": "2"}', "7", "[]", "", UNSEALED])
def test_a_damaged_state_is_named(there: Repo, content: str) -> None:
    (there.folder / state.FILE).parent.mkdir(parents=True)
    (there.folder / state.FILE).write_text(content, encoding="utf-8")
    done = there.run("rollout", "status")

    assert done.code == 2
    assert "state.json" in done.err


def test_where_it_stands_is_told_to_prometheus(there: Repo) -> None:
    started(there, "20", agreement=0.9)
    text = (there.folder / state.METRICS).read_text(encoding="utf-8")

    assert "rollout_step_percent 20\n" in text
    assert 'rollout_state{state="running"} 1\n' in text
    assert 'rollout_state{state="aborted"} 0\n' in text
    assert 'rollout_candidate_info{version="2"} 1\n' in text


def test_a_clock_that_jumps_makes_no_step_longer(
    there: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = started(there, "20")
    seen: list[float] = []
    moments = iter([0.0, 1.0, 90_000.0, 5.0])
    monkeypatch.setattr(controller.time, "monotonic", lambda: next(moments))
    monkeypatch.setattr(controller.time, "sleep", lambda seconds: None)

    def looked(current: state.Rollout, *_: Any, **__: Any) -> controller.analysis.Facts:
        seen.append(current.elapsed)
        return controller.analysis.Facts(ended="enough" if len(seen) == 3 else "")

    monkeypatch.setattr(controller, "facts", looked)
    with pytest.raises(controller.Stopped):
        controller.observe(left, contract(wait_seconds=10), lambda *_: None)

    assert seen == [1.0, 3.0, 3.0]  # it looks each second; more than two are no second


@pytest.mark.parametrize(("stage", "beside"), [("shadow", 7), ("20", 47)])
def test_a_stage_counts_from_a_look_of_prometheus_after_the_switch(
    there: Repo, monkeypatch: pytest.MonkeyPatch, stage: str, beside: int
) -> None:
    left = started(there, stage)
    monkeypatch.setattr(controller, "agreement", lambda left: (0, None))
    monkeypatch.setattr(controller.slot, "ended", lambda: "")

    def looked(champion: float, candidate: float, answered: float) -> controller.analysis.Facts:
        nothing: dict[str, Any] = {"seconds": {}, "labels": {}, "values": {}}
        counted = {
            side: {"seen": {"": seen}, "codes": {"200": answered}, **nothing}
            for side, seen in (("champion", champion), ("candidate", candidate))
        }
        monkeypatch.setattr(controller.canary_metrics, "counters", lambda versions: counted)
        return controller.facts(left, contract())

    assert looked(1, 1.5, 10).silent  # perhaps from before the switch
    assert looked(2, 1.5, 30).silent
    assert looked(2, 2.5, 40).silent
    found = looked(3, 3.5, 47)

    assert not found.silent
    assert found.candidate
    assert found.candidate.requests == 7
    assert found.before
    assert found.before.requests == beside  # too few in a step: compared with all before it
    assert left.candidate == (1.0 if stage == "shadow" else 0.5)


def test_what_a_busy_host_spoilt_is_counted_anew(
    there: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = started(there, "20")
    monkeypatch.setattr(controller.time, "sleep", lambda seconds: None)
    side = controller.analysis.Side(requests=500, slower=200, p95_ms=250)
    counted: list[Any] = []

    def looked(current: state.Rollout, *_: Any, **__: Any) -> controller.analysis.Facts:
        counted.append(current.counted)
        current.counted = {"champion": {}, "candidate": {}}
        busy = controller.overloaded(current, 100)
        known = {"candidate": side, "champion": side, "elapsed": 99.0, "overloaded": busy}
        return controller.analysis.Facts(**known, ended="enough" if len(counted) == 3 else "")

    monkeypatch.setattr(controller, "facts", looked)
    with pytest.raises(controller.Stopped, match="enough"):
        controller.observe(left, contract(wait_seconds=1, min_requests=200), lambda *_: None)

    assert counted == [{}, {}, {}]
    assert "; held: the host is overloaded, its " in "".join(state.load().reasons)


def test_what_spoilt_a_stage_is_said_while_it_counts_anew(
    there: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = started(there, "20")
    monkeypatch.setattr(controller.time, "sleep", lambda seconds: None)
    many = controller.analysis.Side(requests=500, slower=200, p95_ms=250)
    few = controller.analysis.Side(requests=3)
    looks = iter([(many, "busy", ""), (few, "", ""), (few, "", "enough")])

    def looked(*_: Any, **__: Any) -> controller.analysis.Facts:
        side, busy, ended = next(looks)
        known = {"candidate": side, "champion": side, "elapsed": 99.0, "overloaded": busy}
        return controller.analysis.Facts(**known, ended=ended)

    monkeypatch.setattr(controller, "facts", looked)
    with pytest.raises(controller.Stopped, match="enough"):
        controller.observe(left, contract(wait_seconds=1, min_requests=200), lambda *_: None)

    first, *_, last = state.load().reasons
    assert first == "requests: 3 of the 200 that a step needs"
    assert last.startswith("counted anew after latency: ")
    assert last.endswith("; held: busy")
    left.enter("50", "now")
    assert not left.reset_reason


def test_a_host_is_overloaded_while_it_is_busy_in_a_quarter_of_the_looks(there: Repo) -> None:
    left = started(there, "20")
    said = [controller.overloaded(left, busy) for busy in (100, 50, 89, 20, 20)]

    assert [bool(one) for one in said] == [True, True, True, True, False]
    assert said[3].endswith(" cores were busy in 1 of 4 looks")
    left.count_anew()
    assert not controller.overloaded(left, 0)


@pytest.mark.parametrize(
    ("times", "settled"),
    [
        ([0.02] * 19, False),  # too few to know
        ([0.02] * 20, True),
        ([0.5] * 10 + [0.02] * 10, True),
        ([0.02] * 10 + [0.5] * 10, False),
        ([0.02] * 10 + [0.5] * 190, True),  # as it is
    ],
)
def test_a_candidate_is_warm_when_its_times_settle(times: list[float], settled: bool) -> None:
    assert controller.slot.settled(times) is settled


@pytest.mark.parametrize(
    ("mine", "theirs", "shadow", "share"),
    [(20, 80, False, 0.2), (72, 80, True, 0.9), (82, 80, True, 1.0), (0, 0, True, None)],
)
def test_the_share_seen_is_of_callers_and_of_a_shadow_its_coverage(
    mine: int, theirs: int, shadow: bool, share: float | None
) -> None:
    sides = (controller.analysis.Side(requests=count) for count in (mine, theirs))

    assert controller.observed_share(*sides, shadow) == share


def test_answers_are_held_against_those_of_the_same_time(there: Repo) -> None:
    left = started(there, "100")
    process: dict[str, Any] = {"codes": {"200": 9000}, "labels": {"a": 9000}}
    process |= {"seen": {}, "seconds": {}, "values": {}}

    def held_against(answered: int) -> controller.analysis.Side | None:
        beside = controller.analysis.Side(requests=answered, labels={"b": answered})
        return controller.yardstick(left, process, beside, contract(min_requests=30))

    first = held_against(29)  # blue/green without a shadow
    enough = held_against(30)
    left.leave("promote", [], "")  # a step that had both

    assert first
    assert first.labels == {"a": 9000}
    assert enough
    assert enough.labels == {"b": 30}
    assert held_against(30) == enough
    assert held_against(29) is None


def test_a_full_disk_does_not_keep_callers_at_a_bad_candidate(
    there: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = started(there, "20")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(controller.OutsideFailed, match="no space left"):
        controller.abort(left, "it fails")

    assert traffic.present() == set()


def told(repo: Repo) -> list[str]:
    """Return what the journal says of rollouts."""
    return [one["event"] for one in journal(repo) if one["event"].startswith("rollout")]


def test_what_a_killed_leader_told_already_is_not_told_twice(there: Repo) -> None:
    left = started(there, "20")
    for passed in ("shadow", "20", "20"):  # killed between the journal and the state
        controller.record("rollout step", left, passed=passed, share=None)

    assert told(there) == ["rollout step", "rollout step"]


def test_an_abort_that_was_killed_before_the_journal_knew_is_told_by_the_next(there: Repo) -> None:
    left = started(there, "20", reasons=["it was slow"])
    left.state = state.ABORTED
    state.save(left)
    for _ in range(2):
        there.must("rollout", "run")

    assert told(there) == ["rollout aborted"]
    assert journal(there)[-1]["reason"] == "it was slow"
