# The template's. What is deployed, and when, is yours; models/journal.jsonl has it.
"""How often, how fast, how safely are versions delivered? DORA's four, from a log of events."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

# events of models/journal.jsonl; others, such as the gate's, are no delivery
DELIVERED = ("promoted", "deployed")
WENT_BACK = "rolled back"
STOPPED = "withdrawn"
STARTED, ABORTED = "rollout started", "rollout aborted"


@dataclass(frozen=True)
class Event:
    """One line of the journal: when (UTC), what, to which version, at which commit.

    `instead_of` is the version that users had before.
    """

    time: datetime
    name: str
    version: str
    commit: str = ""
    instead_of: str = ""


@dataclass(frozen=True)
class Change:
    """One delivery to users, and what became of it.

    Args:
        event: The delivery, or the begin of the rollout that was aborted.
        failed: When it was undone, or nothing.
        restored: When users had a good version again, or nothing yet.
    """

    event: Event
    failed: datetime | None = None
    restored: datetime | None = None


def read(lines: Iterable[str]) -> tuple[list[Event], list[str]]:
    """Return the events in order of time, and what is wrong with the journal.

    Lines that are no events are left out and named. Lines out of order of time are named too:
    a clock went wrong, so that figures around it may be.
    """
    events: list[Event] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event = parse(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            wrong.append(f"line {number} is damaged")
            continue
        if events and event.time < events[-1].time:
            wrong.append(f"line {number} is earlier than the line before it")
        events.append(event)
    return sorted(events, key=lambda event: event.time), wrong


def parse(line: dict[str, Any]) -> Event:
    """Return the event of a line; any error when it is none."""
    time = datetime.fromisoformat(line["time"])
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    facts = [str(line.get(name) or "") for name in ("version", "commit", "instead_of")]
    return Event(time.astimezone(UTC), str(line["event"]), *facts)


def changes(events: Sequence[Event]) -> list[Change]:
    """Return what was delivered, and whether it stayed.

    A delivery failed when the next thing that happened to what is served was going back, or no
    service at all. A rollout that was aborted failed too: it never reached everybody, and the
    champion had its users back at that moment.
    """
    found: list[Change] = []
    aborted: list[Change] = []
    started: dict[str, Event] = {}
    for event in events:
        if event.name == STARTED:
            started[event.version] = event
        elif event.name in DELIVERED:
            found = [*restored(found, event.time), Change(event)]
        elif event.name == WENT_BACK:
            found = restored(failed(found, event.instead_of, event.time), event.time)
        elif event.name == STOPPED:
            found = failed(found, event.version, event.time)
        elif event.name == ABORTED:
            begin = started.pop(event.version, event)
            if not any(delivered_since(begin, change) for change in found):
                aborted.append(Change(begin, event.time, event.time))
    return sorted([*found, *aborted], key=lambda change: change.event.time)


def delivered_since(begin: Event, change: Change) -> bool:
    """Say whether a rollout had come through: then it is counted as that delivery."""
    return change.event.version == begin.version and change.event.time >= begin.time


def failed(found: list[Change], version: str, time: datetime) -> list[Change]:
    """Mark the last delivery of a version as failed, unless it is already."""
    last = [i for i, change in enumerate(found) if change.event.version == version][-1:]
    return [
        Change(change.event, change.failed or time, change.restored) if i in last else change
        for i, change in enumerate(found)
    ]


def restored(found: list[Change], time: datetime) -> list[Change]:
    """Mark failures as over: users have a version again."""
    return [
        Change(change.event, change.failed, change.restored or time) if change.failed else change
        for change in found
    ]


def figures(
    events: Sequence[Event],
    now: datetime,
    days: float,
    committed: Callable[[str], datetime | None],
) -> dict[str, Any]:
    """Return DORA's four figures of the last days.

    Args:
        events: In order of time.
        now: The end of the window, in UTC.
        days: Its length.
        committed: Returns when a commit was made; nothing when git does not know it.

    Returns:
        `deployments` and `per_week`; `lead_hours`, median from commit to users, and of how many
        it is known; `failure_rate` of changes, from 0 to 1; `restore_hours`, median from the
        delivery of a version that failed to the next good one. Figures without a case are null.
    """
    since = now - timedelta(days=days)
    inside = [change for change in changes(events) if since <= change.event.time <= now]
    delivered = [change for change in inside if change.event.name in DELIVERED]
    undone = [change for change in inside if change.failed]
    leads = [lead for change in delivered if (lead := lead_hours(change.event, committed)) >= 0]
    restores = [hours(change.restored - change.event.time) for change in undone if change.restored]
    return {
        "since": since.isoformat(timespec="seconds"),
        "until": now.isoformat(timespec="seconds"),
        "deployments": len(delivered),
        "per_week": round(len(delivered) / days * 7, 3),
        "lead_hours": middle(leads),
        "lead_known": len(leads),
        "changes": len(inside),
        "failures": len(undone),
        "failure_rate": round(len(undone) / len(inside), 4) if inside else None,
        "restore_hours": middle(restores),
        "not_restored": sum(change.restored is None for change in undone),
    }


def lead_hours(event: Event, committed: Callable[[str], datetime | None]) -> float:
    """Return the hours from commit to users; negative when it cannot be known."""
    time = committed(event.commit) if event.commit else None
    return hours(event.time - time) if time else -1.0


def hours(span: timedelta) -> float:
    """Return a span in hours."""
    return span.total_seconds() / 3600


def middle(values: Sequence[float]) -> float | None:
    """Return the median; nothing of nothing."""
    return round(median(values), 3) if values else None
