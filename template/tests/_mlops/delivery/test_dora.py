# The template's. What is deployed, and when, is yours; models/journal.jsonl has it.
"""DORA's four figures, from journals as they can be: good, empty, damaged, out of order."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ..fixtures import Repo
from ..package import dora_metrics, paths

NOW = datetime(2024, 3, 1, tzinfo=UTC)
COMMITTED = {"c1": NOW - timedelta(days=20), "c2": NOW - timedelta(days=10, hours=6)}


def line(days_ago: float, event: str, version: str = "1", **facts: Any) -> str:
    """Return a line of a journal."""
    time = (NOW - timedelta(days=days_ago)).isoformat()
    return json.dumps({"time": time, "event": event, "version": version, **facts})


def found(*lines: str, days: float = 28) -> dict[str, Any]:
    """Return the figures of a journal."""
    events, _ = dora_metrics.read(lines)
    return dora_metrics.figures(events, NOW, days, COMMITTED.get)


def test_an_empty_journal_has_no_figures() -> None:
    empty = found()

    assert (empty["deployments"], empty["per_week"]) == (0, 0)
    assert [empty[name] for name in ("lead_hours", "failure_rate", "restore_hours")] == [None] * 3


def test_deployments_are_counted_in_the_window_by_week() -> None:
    lines = [line(40, "promoted"), line(20, "deployed", "2"), line(10, "deployed", "3")]

    assert found(*lines)["deployments"] == 2
    assert found(*lines)["per_week"] == 0.5
    assert found(*lines, days=50)["deployments"] == 3


@pytest.mark.parametrize("event", ["accepted", "refused", "something else"])
def test_other_events_are_no_deployment(event: str) -> None:
    assert found(line(3, event))["changes"] == 0


def test_lead_time_is_the_median_from_commit_to_users() -> None:
    first = line(19, "deployed", "1", commit="c1")
    second = line(10, "deployed", "2", commit="c2")

    assert found(first)["lead_hours"] == 24
    assert found(first, second)["lead_hours"] == 15


def test_a_commit_that_git_does_not_know_has_no_lead_time() -> None:
    computed = found(line(5, "deployed", commit="gone"), line(4, "deployed", "2"))

    assert (
        computed["lead_hours"],
        computed["lead_known"],
        computed["deployments"],
    ) == (None, 0, 2)


def test_a_deployment_before_its_commit_is_a_clock_s_fault_and_not_counted() -> None:
    assert found(line(25, "deployed", commit="c1"))["lead_known"] == 0


def test_going_back_makes_the_version_before_it_a_failure() -> None:
    computed = found(
        line(9, "deployed", "1"),
        line(8, "deployed", "2", instead_of="1"),
        line(7.5, "rolled back", "1", instead_of="2"),
        line(6, "deployed", "3", instead_of="1"),
    )

    assert (computed["changes"], computed["failures"]) == (3, 1)
    assert computed["failure_rate"] == pytest.approx(0.3333)
    assert computed["restore_hours"] == 12


def test_a_withdrawal_lasts_until_the_next_deployment() -> None:
    gone = [line(9, "deployed", "1"), line(8, "withdrawn", "1")]

    assert found(*gone)["not_restored"] == 1
    assert found(*gone)["restore_hours"] is None
    assert found(*gone, line(7, "deployed", "2"))["restore_hours"] == 48
    assert found(*gone, line(7, "deployed", "2"))["failures"] == 1


def test_a_rollout_that_was_aborted_is_a_change_that_failed() -> None:
    begin, end = line(8, "rollout started", "2"), line(7.75, "rollout aborted", "2")
    lines = [line(9, "deployed", "1"), begin, end]

    assert (found(*lines)["changes"], found(*lines)["failures"]) == (2, 1)
    assert found(*lines)["deployments"] == 1
    assert found(*lines)["restore_hours"] == 6


def test_a_rollout_that_was_aborted_at_its_end_is_one_change() -> None:
    computed = found(
        line(9, "deployed", "1"),
        line(8, "rollout started", "2"),
        line(7, "deployed", "2", instead_of="1"),
        line(6.9, "rolled back", "1", instead_of="2"),
        line(6.9, "rollout aborted", "2"),
    )

    assert (computed["changes"], computed["failures"]) == (2, 1)


def test_a_rollout_that_came_through_is_no_failure() -> None:
    lines = [line(8, "rollout started", "2"), line(7, "deployed", "2")]
    lines.append(line(7, "rollout finished", "2", instead_of="1"))

    assert (found(*lines)["changes"], found(*lines)["failures"]) == (1, 0)


def test_damaged_lines_are_named_and_left_out() -> None:
    lines = ["{", "", "[]", '{"time": "yesterday", "event": "deployed"}', line(2, "deployed"), "7"]
    events, wrong = dora_metrics.read(lines)

    assert [event.name for event in events] == ["deployed"]
    assert wrong == [f"line {number} is damaged" for number in (1, 3, 4, 6)]


def test_lines_out_of_order_are_named_and_sorted() -> None:
    events, wrong = dora_metrics.read([line(2, "deployed", "2"), line(3, "deployed", "1")])

    assert [event.version for event in events] == ["1", "2"]
    assert wrong == ["line 2 is earlier than the line before it"]


def test_an_event_after_now_is_not_in_the_window() -> None:
    assert found(line(-1, "deployed"))["deployments"] == 0


def test_times_without_a_zone_are_utc() -> None:
    text = json.dumps({"time": "2024-02-29T00:00:00", "event": "deployed"})
    events, _ = dora_metrics.read([text])

    assert events[0].time == NOW - timedelta(days=1)


def test_a_repo_s_own_journal_gives_its_figures(repo: Repo) -> None:
    done = repo.must("dora", "--json")
    told = json.loads(done.out)

    assert (told["deployments"], told["lead_known"], told["failure_rate"]) == (1, 1, 0)
    assert told["lead_hours"] >= 0
    assert "deployments" in repo.must("dora").out


def test_before_the_first_deployment_it_says_so(own_repo: Repo) -> None:
    (own_repo.folder / paths.JOURNAL).unlink()

    assert own_repo.must("dora").out.startswith("no deployments yet since ")


def test_a_damaged_journal_is_named_and_the_rest_counted(own_repo: Repo) -> None:
    path = own_repo.folder / paths.JOURNAL
    path.write_bytes(b"\xff\xfe broken\n" + path.read_bytes())
    done = own_repo.must("dora", "--json")

    assert "line 1 is damaged" in done.err
    assert json.loads(done.out)["deployments"] == 1


def test_an_edited_line_is_named_beside_the_figures(own_repo: Repo) -> None:
    path = own_repo.folder / paths.JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"by": "Test"', b'"by": "test"'))

    assert f"warning: {paths.JOURNAL} line 1 was edited" in own_repo.must("dora").err


def test_lines_that_git_has_and_the_journal_lost_are_named(own_repo: Repo) -> None:
    path = own_repo.folder / paths.JOURNAL
    own_repo.git("add", "--force", str(paths.JOURNAL))
    own_repo.git("commit", "--quiet", "--no-verify", "--message", "Journal")
    path.unlink()
    done = own_repo.must("dora")

    assert "no deployments yet" in done.out
    assert f"{paths.JOURNAL} is not what git has" in done.err
