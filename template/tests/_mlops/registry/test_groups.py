# The template's. Tests of your slices belong in a file of yours.
"""A version that is right on the whole may be wrong in a group; chance is no fault."""

from collections.abc import Callable
from types import SimpleNamespace

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
        "MOMENTS": ("before",),
        "PREDICTION_MOMENT": "before",
    }.items():
        monkeypatch.setattr(schema, name, value)
    happened = pd.Series(np.where(LATE, "yes", "no") if labels else LATE.astype(float))

    def table(answers: np.ndarray) -> pd.DataFrame:
        both = {"yes": answers, "no": 1 - answers}
        return pd.DataFrame(both if labels else {outcome.NUMBER: answers})

    def found(*answers: np.ndarray) -> str:
        rows = pd.DataFrame({"place": PLACE})
        said = groups.uneven(rows, happened, [table(one) for one in answers], BAR, WORSE)
        return "; ".join(said)

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


def test_a_group_of_few_rows_says_nothing(named: Callable[..., str]) -> None:
    assert named(in_place("rare", SHARE, WRONG["turned"]), SHARE) == ""


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_what_few_rows_could_show_at_best_is_the_better_end(
    better: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = SimpleNamespace(metric="m", better=better)
    slices = SimpleNamespace(columns=["place"], min_rows=5)
    contract = SimpleNamespace(quality=quality, slices=slices)
    monkeypatch.setattr(scoring.metrics, "score", lambda y_true, y_pred: {"m": y_true.mean()})
    rows = pd.DataFrame({"place": ["few"] * 100 + ["many"] * 500 + ["rare"] * 2})
    y_true = pd.Series(np.arange(602) % 2, dtype=float)
    found = groups.at_best(rows, y_true, pd.DataFrame({"p": y_true}), contract)

    assert list(found) == [("place", "few")]
    assert found["place", "few"] == pytest.approx(0.6 if better == "higher" else 0.4, abs=0.03)


def test_a_version_that_is_wrong_in_a_group_alone_is_refused_by_its_name() -> None:
    seen = [f"place={name}: off by 0.3 on 900 rows" for name in "abcd"]
    (check,) = no(gate_checks.replace(good(1), uneven=seen))

    assert (check.name, check.found) == ("groups", seen)
    assert "place=a: off by 0.3 on 900 rows" in check.reason
    assert "and 1 more" in check.reason
