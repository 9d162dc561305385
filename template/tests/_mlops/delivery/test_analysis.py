# The template's. The bounds are yours, in contract.yaml: rollout.
"""Each question alone can say no to a candidate, and no data never says yes."""

import math
from dataclasses import replace

import pytest

from ..package import analysis, interface

CONTRACT = interface.Contract(
    service=interface.Service(latency_p95_ms=100),
    quality=interface.Quality(metric="m", accept=0.7, retrain=0.6, withdraw=0.5),
    monitoring=interface.Monitoring(min_labels=50),
    rollout=interface.Rollout(
        wait_seconds=60,
        min_requests=200,
        max_error_rate=0.01,
        min_agreement=0.7,
        max_shift=0.15,
    ),
)
SIDE = analysis.Side(
    requests=1000,
    errors=0,
    slower=10,
    p95_ms=50,
    labels={"a": 300, "b": 700},
    values={0.2: 300, 0.5: 600, math.inf: 1000},
)
GOOD = analysis.Facts(
    candidate=SIDE,
    champion=SIDE,
    before=SIDE,
    elapsed=61,
    shadow=True,
    pairs=1000,
    alike=0.95,
    labelled=100,
    score=0.8,
)


def said(facts: analysis.Facts) -> tuple[str, str]:
    """Return the outcome, and what decided it."""
    outcome = analysis.judge(facts, CONTRACT)
    return outcome.says, "; ".join(outcome.reasons)


def candidate(**changes: object) -> analysis.Facts:
    """Return good facts but for some of the candidate."""
    return replace(GOOD, candidate=replace(SIDE, **changes))


def test_one_that_does_well_goes_on() -> None:
    assert said(GOOD)[0] == "promote"


def test_nothing_measured_is_no_consent() -> None:
    silent = analysis.Facts(silent="Prometheus does not answer", elapsed=10_000)

    assert said(silent) == ("hold", "metrics: Prometheus does not answer")
    assert said(replace(GOOD, candidate=analysis.Side()))[0] == "hold"
    assert said(replace(GOOD, champion=None))[0] == "hold"
    assert said(replace(GOOD, before=analysis.Side()))[0] == "hold"


def test_a_process_that_ended_is_aborted_whatever_else_is_known() -> None:
    assert said(replace(GOOD, ended="it ended")) == ("abort", "process: it ended")
    assert said(analysis.Facts(ended="it ended"))[0] == "abort"


def test_a_step_lasts_its_time_and_has_its_requests() -> None:
    early, few = said(replace(GOOD, elapsed=59)), said(candidate(requests=199))

    assert early == ("hold", "time: 59 s; a step lasts at least 60 s")
    assert few[0] == "hold"
    assert "199 of the 200" in few[1]


@pytest.mark.parametrize(
    ("requests", "errors", "says"),
    [(1000, 10, "promote"), (1000, 11, "abort"), (3, 3, "abort"), (3, 2, "hold")],
)
def test_failures_count_before_there_are_enough_requests(
    requests: int, errors: int, says: str
) -> None:
    assert said(candidate(requests=requests, errors=errors))[0] == says


def test_a_champion_that_fails_too_excuses_nothing() -> None:
    both = replace(SIDE, errors=500)

    assert said(replace(GOOD, candidate=both, champion=both, before=both))[0] == "abort"


def test_slow_answers_abort_unless_the_champion_is_as_slow() -> None:
    slow = replace(SIDE, slower=400, p95_ms=250)
    busy = replace(GOOD, candidate=slow, champion=slow)

    assert said(replace(GOOD, candidate=slow))[0] == "abort"
    assert said(busy)[0] == "hold"
    assert "champion: 40 %" in said(busy)[1]
    assert said(candidate(slower=60))[0] == "hold"  # too many, but perhaps by chance


@pytest.mark.parametrize(
    "shifted",
    [
        {"labels": {"a": 800, "b": 200}},
        {"labels": {"c": 1000}},
        {"values": {0.2: 0, 0.5: 100, math.inf: 1000}},
        {"values": {0.2: 900, 0.5: 1000, math.inf: 1000}},
    ],
)
def test_answers_spread_otherwise_abort(shifted: dict[str, object]) -> None:
    assert said(candidate(**shifted))[0] == "abort"


def test_numbers_without_labels_are_compared_by_their_buckets() -> None:
    numbers = replace(SIDE, labels={})
    facts = replace(GOOD, candidate=numbers, champion=numbers, before=numbers)
    shifted = replace(
        facts, candidate=replace(numbers, values={0.2: 900, 0.5: 1000, math.inf: 1000})
    )

    assert said(facts)[0] == "promote"
    assert said(shifted)[0] == "abort"


def test_a_shift_that_may_be_chance_waits_for_more_answers() -> None:
    few = replace(
        SIDE, requests=200, labels={"a": 100, "b": 100}, values={0.2: 60, 0.5: 120, math.inf: 200}
    )
    facts = replace(GOOD, candidate=few)

    assert said(facts)[0] == "hold"
    assert "answers" in said(facts)[1]


@pytest.mark.parametrize(("alike", "says"), [(0.7, "promote"), (0.69, "hold"), (0.5, "abort")])
def test_in_the_shadow_both_answer_alike(alike: float, says: str) -> None:
    assert said(replace(GOOD, alike=alike))[0] == says
    assert said(replace(GOOD, alike=alike, shadow=False))[0] == "promote"


def test_too_few_answers_by_both_are_no_agreement() -> None:
    assert said(replace(GOOD, pairs=199))[0] == "hold"
    assert said(replace(GOOD, pairs=0, alike=None))[0] == "hold"


def test_answers_are_judged_once_the_champion_has_nobody_to_compare_with() -> None:
    other = replace(candidate(labels={"c": 1000}), before=None)

    assert said(other)[0] == "promote"
    assert "earlier step" in said(other)[1]


def test_without_a_log_the_distribution_alone_decides() -> None:
    assert said(replace(GOOD, pairs=None, alike=None))[0] == "promote"


def test_labels_that_came_can_say_no_and_their_absence_cannot() -> None:
    assert said(replace(GOOD, score=0.69))[0] == "abort"
    assert said(replace(GOOD, score=0.69, labelled=49))[0] == "promote"


def test_quality_below_its_bar_says_no_only_where_chance_cannot_explain_it() -> None:
    few, many = replace(GOOD, score=0.66, at_best=0.74), replace(GOOD, score=0.66, at_best=0.69)

    assert said(few)[0] == "promote"
    assert said(many) == ("abort", "quality: m 0.660 on 100 labels; expected 0.7")
    assert said(replace(many, score=math.nan))[0] == "promote"  # one label alone has no such score


def test_distances_are_shares() -> None:
    assert analysis.apart({"a": 1}, {"b": 5}) == pytest.approx(1)
    assert analysis.apart({"a": 1, "b": 1}, {"a": 10, "b": 10}) == pytest.approx(0)
    assert analysis.furthest({0: 1, math.inf: 1}, {0: 0, math.inf: 7}) == pytest.approx(1)
    assert analysis.furthest({0: 1, math.inf: 2}, {0: 4, math.inf: 8}) == pytest.approx(0)


def test_versions_that_count_in_other_buckets_are_compared_where_both_do() -> None:
    assert analysis.furthest({0: 1, 5: 3, math.inf: 4}, {0: 3, 9: 4, math.inf: 4}) == 0.5
