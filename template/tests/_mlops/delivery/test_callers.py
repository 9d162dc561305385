# The template's. Callers of yours come by themselves; these are the demonstration's.
"""What the callers of a demonstration ask for is like all that arrived, not one hour of it."""

import json
import re
from pathlib import Path

import pytest

from ..fixtures import Repo
from ..package import data, deliveries, paths, rollout_report, schema, state, tables


def test_callers_ask_for_all_rows_in_no_order_of_time(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty rows of one stormy hour had two versions look as unlike as their worst."""
    monkeypatch.chdir(repo.folder)
    newest = sorted(paths.RAW.glob("*"))[-1]
    rows = tables.known_rows(tables.read(newest, schema, data), schema)
    asked, known = deliveries.latest_rows(), tables.as_records(rows)

    assert sorted(map(str, asked)) == sorted(map(str, known))
    assert asked != known
    assert asked == deliveries.latest_rows()  # the same in every demonstration


def test_a_rollout_that_time_alone_ended_is_told_apart_on_the_page(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(state, "STOP", tmp_path / "abort.json")
    monkeypatch.setattr(state, "FILE", tmp_path / "none.json")
    deliveries.give_up()
    reason = json.loads(state.STOP.read_text(encoding="utf-8"))["reason"]
    asked = {"requests": 5, "not_answered": 0, "versions": {}}
    record = {
        "parts": [{"gate": "accepted"}],
        "rollouts": [
            {"state": how, "clients": asked, "history": [{"reasons": [why]}]}
            for how, why in (
                (state.PROMOTED, "champion"),
                (state.ABORTED, reason),
                (state.ABORTED, "process: it ended"),
            )
        ],
    }

    said = rollout_report.summary(record)
    assert "1 batch arrived after the start" in said
    assert "1 promoted, 2 aborted, of which 1 for want of a verdict" in said
    assert "want of" not in rollout_report.summary({**record, "rollouts": record["rollouts"][::2]})


def test_the_page_begins_with_who_won_and_what_was_refused_and_why() -> None:
    ended = {"state": state.ABORTED, "version": "4", "history": [{"reasons": ["it & others"]}]}
    refused = {"gate": "refused", "candidate": "3", "reasons": ["too low", "too slow", "too big"]}
    record = {
        "bad": {"champion_after": "2"},
        "parts": [{"gate": "accepted", "batch": "may"}, {**refused, "batch": "june"}],
        "rollouts": [{"state": state.PROMOTED, "version": "2"}, ended],
    }

    said = re.findall("<li>(.+?)</li>", rollout_report.learned(record))
    assert said == [
        "Version 2 answers in the end.",
        "june: the gate refused version 3: too low; and 2 more.",
        "The rollout of version 4 was aborted: it &amp; others.",
    ]
