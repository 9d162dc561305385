# The template's. Tests of your slices belong in a file of yours.
"""A version that is right on the whole may be wrong in a group; chance is no fault."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..package import gate_checks, groups, interface, outcome, schema, scoring
from .test_gate import good, no

ROWS, BAR, WORSE = 4000, 0.2, 0.03
RANDOM = np.random.default_rng(0)
SHARE = RANDOM.uniform(0.05, 0.45, ROWS)  # what a good model says
PLACE = RANDOM.choice(["a", "b", "c", "rare"], ROWS, p=[0.6, 0.25, 0.145, 0.005])
LATE = RANDOM.random(ROWS) < SHARE
MIDDLE = SHARE.mean()

Change = Callable[[np.ndarray], np.ndarray]


def in_place(name: str, answers: np.ndarray, change: Change) -> np.ndarray:
    return np.where(np.isin(PLACE, name), change(answers), answers)


@pytest.fixture(params=["labels", "a number"])
def named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Say what is found of answers, beside those of a champion if any."""
    labels = ("yes", "no") if request.param == "labels" else ()
    column = interface.Column("place", "text", "before", "")
    for name, value in {
        "COLUMNS": (column,),
        "LABELS": labels,
        "POSITIVE": "",
        "MOMENTS": ("before",),
        "PREDICTION_MOMENT": "before",
    }.items():
        monkeypatch.setattr(schema, name, value, raising=False)
    happened = pd.Series(np.where(LATE, "yes", "no") if labels else LATE.astype(float))

    def table(answers: np.ndarray) -> pd.DataFrame:
        both = {"yes": answers, "no": 1 - answers}
        return pd.DataFrame(both if labels else {outcome.NUMBER: answers})

    def found(*answers: np.ndarray) -> str:
        rows, given = pd.DataFrame({"place": PLACE}), [table(one) for one in answers]
        if len(given) == 1:
            least = groups.farthest(rows, happened, given[0])
            assert not groups.uneven(rows, happened, given, least + 1e-9, WORSE)
        return "; ".join(groups.uneven(rows, happened, given, BAR, WORSE))

    return found


WRONG: dict[str, Change] = {
    "a fifth of it": lambda answers: answers * 0.2,
    "turned": lambda answers: 1 - answers,
    "one for all": lambda answers: answers * 0 + 0.6,
}
GOOD: dict[str, Change] = {
    "the same": lambda answers: answers,
    "noise": lambda answers: answers + np.random.default_rng(1).normal(0, 0.05, ROWS),
    "less sure": lambda answers: 0.25 + (answers - 0.25) * 0.8,
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_group_that_is_wrong_is_named_and_no_other(
    named: Callable[..., str], change: Change
) -> None:
    said = named(in_place("b", SHARE, change), SHARE)

    assert said.startswith("place=b")
    assert "the champion by 0.0" in said
    assert "place=a" not in said
    assert named(in_place("b", SHARE, change), in_place("b", SHARE, change)) == ""


@pytest.mark.parametrize("change", GOOD.values(), ids=GOOD)
def test_another_good_version_is_off_in_no_group(named: Callable[..., str], change: Change) -> None:
    assert named(change(SHARE), SHARE) == ""
    assert named(change(SHARE)) == ""


def test_without_a_champion_a_group_may_be_off_by_the_bar(named: Callable[..., str]) -> None:
    assert "champion" not in named(in_place("b", SHARE, WRONG["turned"]))
    assert named(in_place("b", SHARE, WRONG["turned"])).startswith("place=b")
    assert named(in_place("b", SHARE, lambda answers: answers + 0.1)) == ""


def test_beside_a_champion_a_group_may_be_off_a_little_more(named: Callable[..., str]) -> None:
    little, more = (0.045, 0.09) if schema.LABELS else (0.045, 0.06)

    assert named(in_place("a", SHARE, lambda answers: answers + little), SHARE) == ""
    assert named(in_place("a", SHARE, lambda answers: answers + more), SHARE) != ""


@pytest.mark.parametrize(
    ("change", "looked_at"),
    [
        ({"kind": "boolean"}, True),
        ({"kind": "integer"}, False),
        ({"names": True}, False),
        ({"personal": True}, False),
    ],
)
def test_groups_are_those_of_texts_and_answers_that_name_no_row_and_no_person(
    named: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    looked_at: bool,
) -> None:
    monkeypatch.setattr(schema, "COLUMNS", (replace(schema.COLUMNS[0], **change),))

    assert bool(named(in_place("b", SHARE, WRONG["turned"]), SHARE)) == looked_at


@pytest.mark.parametrize("labels", [("yes", "no"), ()])
def test_what_is_off_spreads_as_in_the_group_and_no_less_than_chance_lets_expect(
    labels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LABELS", labels)
    monkeypatch.setattr(schema, "POSITIVE", "", raising=False)
    few, answers = np.arange(40), pd.Series(np.full(400, 0.1))
    off = np.where(np.arange(400) % 2, 1.0, -1.0)
    alike = np.where(np.arange(400) < 40, 0.1, off)
    apart = np.where(np.arange(400) < 40, 9 * off, off)
    least = 0.1 * 0.9 if labels else alike.var()

    assert groups.spread(alike, answers, few) == pytest.approx((least / 40) ** 0.5)
    assert groups.spread(apart, answers, few) == pytest.approx((81 / 40) ** 0.5)


def test_answers_that_are_turned_within_a_group_are_named_though_their_mean_is_right(
    named: Callable[..., str],
) -> None:
    turned = in_place("a", SHARE, lambda answers: 2 * MIDDLE - answers)
    duller = in_place("a", SHARE, lambda answers: answers * 0 + MIDDLE)

    assert named(turned, SHARE).startswith("place=a: ")
    assert "place=b" not in named(turned, SHARE)
    assert named(duller, SHARE) == named(turned, turned) == named(turned) == ""


def test_a_group_of_few_rows_says_nothing(named: Callable[..., str]) -> None:
    assert named(in_place("rare", SHARE, WRONG["turned"]), SHARE) == ""


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_what_few_rows_could_show_at_best_is_the_better_end(
    better: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = SimpleNamespace(metric="m", better=better)
    bar = 0.55 if better == "higher" else 0.45
    slices = SimpleNamespace(columns=["place"], min_rows=5, accept=bar)
    contract = SimpleNamespace(quality=quality, slices=slices)

    def score(y_true: pd.Series, y_pred: pd.DataFrame) -> dict[str, float]:
        return {"m": float(y_true.mean()) if y_true.min() >= 0 else np.nan}

    monkeypatch.setattr(scoring.metrics, "score", score)
    places = {"few": 100, "many": 500, "rare": 2, "none has a score": 100, "good": 100}
    rows = pd.DataFrame({"place": [name for name, count in places.items() for _ in range(count)]})
    y_true = pd.Series(np.arange(802) % 2, dtype=float)
    y_true[602:702] = -1
    y_true[702:] = float(better == "higher")
    drawn = list[int]()
    drawn_anew = scoring.drawn_anew
    monkeypatch.setattr(
        scoring, "drawn_anew", lambda *given: drawn.append(len(given[0])) or drawn_anew(*given)
    )
    found = groups.at_best(rows, y_true, pd.DataFrame({"p": y_true}), contract)

    assert list(found) == [("place", "few")]
    assert found["place", "few"] == pytest.approx(0.6 if better == "higher" else 0.4, abs=0.03)
    assert len(drawn) == 2, "of what is good nobody asks"
    slices.accept = None
    assert groups.at_best(rows, y_true, pd.DataFrame({"p": y_true}), contract) == {}


def test_a_version_that_is_wrong_in_a_group_alone_is_refused_by_its_name() -> None:
    seen = [f"place={name}: off by 0.3 on 900 rows" for name in "abcd"]
    (check,) = no(gate_checks.replace(good(1), uneven=seen))

    assert (check.name, check.found) == ("groups", seen)
    assert "place=a: off by 0.3 on 900 rows" in check.reason
    assert "and 1 more" in check.reason
