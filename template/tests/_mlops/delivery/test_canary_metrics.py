# The template's. Nothing of yours is needed here.
"""Counters become what is judged, and a counter that went back is no number."""

import math

import numpy as np
import pandas as pd
import pytest

from ..package import (
    canary_metrics,
    errors,
    interface,
    metrics,
    outcome,
    prediction_log,
    schema,
)

BEFORE = {
    "codes": {"200": 100.0, "500": 1.0},
    "seconds": {"0.05": 90.0, "0.1": 100.0, "0.25": 101.0, "+Inf": 101.0},
    "labels": {"a": 60.0},
    "values": {"0.5": 60.0, "+Inf": 101.0},
}
NOW = {
    "codes": {"200": 190.0, "500": 11.0, "400": 5.0},
    "seconds": {"0.05": 150.0, "0.1": 190.0, "0.25": 206.0, "+Inf": 206.0},
    "labels": {"a": 100.0, "b": 50.0},
    "values": {"0.5": 100.0, "+Inf": 191.0},
}


def test_what_a_stage_added_is_what_is_judged() -> None:
    added = canary_metrics.since(NOW, BEFORE)
    assert added
    found = canary_metrics.side(added, limit_ms=100)

    assert (found.requests, found.errors, found.slower) == (105, 10, 15)
    assert found.labels == {"a": 40, "b": 50}
    assert (found.values, found.rows) == ({0.5: 40, math.inf: 90}, 90)
    assert found.p95_ms == pytest.approx(250)


def test_a_limit_between_two_buckets_counts_as_the_higher_one() -> None:
    added = canary_metrics.since(NOW, BEFORE)
    assert added

    assert canary_metrics.side(added, limit_ms=60).slower == 15
    assert canary_metrics.side(added, limit_ms=40).slower == 45


def test_a_counter_that_went_back_is_no_number() -> None:
    assert canary_metrics.since(BEFORE, NOW) is None
    assert canary_metrics.since({**NOW, "codes": {"200": 500.0}}, NOW) is None


def test_the_mean_is_exact_and_the_median_the_bound_of_its_bucket() -> None:
    added = canary_metrics.since({**NOW, "total": {"": 12.0}}, {**BEFORE, "total": {"": 5.7}})
    assert added
    found = canary_metrics.side(added, limit_ms=100)

    assert found.mean_ms == pytest.approx(60)
    assert found.median_ms == pytest.approx(50)


def test_answers_that_found_no_room_or_time_are_counted_apart() -> None:
    codes = {"200": 5.0, "500": 1.0, "503": 2.0, "504": 4.0}
    found = canary_metrics.side({**NOW, "codes": codes}, limit_ms=100)

    assert (found.errors, found.late) == (7, 6)


def test_nothing_answered_has_no_latency() -> None:
    nothing = canary_metrics.side({name: {} for name in BEFORE}, limit_ms=100)

    assert (nothing.requests, nothing.p95_ms) == (0, None)
    assert (nothing.median_ms, nothing.mean_ms) == (None, None)


def test_a_prometheus_that_is_down_is_an_outside_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_PORT", "9")
    with pytest.raises(errors.OutsideFailed, match="Prometheus does not answer"):
        canary_metrics.counters({"champion": "1", "candidate": "2"})


def logged(calls: dict[str, list[float]]) -> pd.DataFrame:
    """Return a log of requests, by id, with the answer to each of their rows."""
    lines = []
    for call, answers in calls.items():
        for row, value in enumerate(answers):
            line: dict[str, object] = {"call.id": call, "call.row": row}
            if schema.LABELS:
                line[prediction_log.PREDICTION] = (
                    schema.LABELS[-1] if value > 0.5 else schema.LABELS[0]
                )
                shares = dict.fromkeys(schema.LABELS, 0.0)
                shares[schema.LABELS[-1]], shares[schema.LABELS[0]] = value, 1 - value
                line |= {f"probability_{label}": share for label, share in shares.items()}
            else:
                line[prediction_log.PREDICTION] = value
            lines.append(line)
    return pd.DataFrame(lines)


def test_answers_are_joined_by_request_and_row() -> None:
    champion = logged({"x": [0.9, 0.1], "y": [0.1], "z": [0.9]})
    candidate = logged({"y": [0.9], "x": [0.9, 0.1], "other": [0.1]})

    assert canary_metrics.alike(champion, candidate) == (2, pytest.approx(2 / 3))
    assert canary_metrics.alike(champion, logged({"q": [0.1]})) == (0, None)


def predicted_by_chance(rows: int) -> tuple[pd.Series, pd.DataFrame]:
    """Return outcomes, and predictions that know nothing of them."""
    luck = np.random.default_rng(1)
    if schema.LABELS:
        shares = luck.dirichlet(np.ones(len(schema.LABELS)), rows)
        return pd.Series(luck.choice(schema.LABELS, rows)), pd.DataFrame(
            shares, columns=list(schema.LABELS)
        )
    return pd.Series(luck.normal(size=rows)), pd.DataFrame({outcome.NUMBER: luck.normal(size=rows)})


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_chance_explains_less_the_more_outcomes_are_known(direction: str) -> None:
    gaps = []
    for rows in (200, 5000):
        answers = predicted_by_chance(rows)
        name, score = next(iter(metrics.score(*answers).items()))
        bars = interface.Quality(metric=name, better=direction, accept=0, retrain=0, withdraw=0)
        best = canary_metrics.at_its_best(*answers, bars)
        assert best is not None
        gaps.append(best - score if direction == "higher" else score - best)

    assert gaps[0] > gaps[1] > 0


def test_one_outcome_for_all_rows_is_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "score", lambda *_: {"m": math.nan})
    bars = interface.Quality(metric="m", accept=0.7, retrain=0.6, withdraw=0.5)

    assert canary_metrics.at_its_best(*predicted_by_chance(200), bars) is None
