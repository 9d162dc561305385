# The template's. The bounds are yours, in contract.yaml: rollout.
"""Good candidates go on, also on a host with other work; bad ones of each kind are caught soon."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ..package import analysis, canary_metrics, controller, interface, state

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
CONTRACT = interface.Contract(
    service=interface.Service(latency_p95_ms=100),
    quality=interface.Quality(metric="m", accept=0.7, retrain=0.6, withdraw=0.5),
    rollout=interface.Rollout(wait_seconds=3, patience_seconds=60, min_requests=200),
)
STEPS = ("shadow", 0.1, 0.5, 1.0)
LOOKS = 200  # in a step
A_LOOK = 50  # requests that callers send between two
BUSY = "the host is overloaded"
SEEDS = range(10)


@dataclass
class Counted:
    """What one side has counted, as Prometheus knows it."""

    codes: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    total: float = 0.0

    def add(self, took: np.ndarray, codes: list[str]) -> None:
        """Count answers: seconds that each took, and its status."""
        self.codes.update(codes)
        self.total += float(took.sum())
        for bound in BUCKETS:
            self.seconds[str(bound)] += int((took <= bound).sum())

    def side(self) -> analysis.Side:
        """Return it as what is judged."""
        values = {"0.5": self.codes.total() / 2, "inf": self.codes.total()}
        counters: Any = {"codes": self.codes, "seconds": self.seconds, "total": {"": self.total}}
        return canary_metrics.side({**counters, "labels": {"a": 1.0}, "values": values}, 100)


@dataclass(frozen=True)
class World:
    """A host and a candidate.

    Args:
        busy: From which look of a step to which other work takes the cores.
        slower: How many times as long as the champion the candidate takes.
        fails: Share of its answers with status 500.
        hangs: Share of its answers that take 400 ms more.
        turned_away: Share that finds no room while the host is busy.
    """

    busy: tuple[int, int] = (0, 0)
    slower: float = 1.0
    fails: float = 0.0
    hangs: float = 0.0
    turned_away: float = 0.0


def rolled_out(world: World, seed: int) -> tuple[str, int]:
    """Lead a rollout through its steps; return how it ended, and after how many answers."""
    draw = np.random.default_rng(seed)
    typical = draw.uniform(0.040, 0.050)  # seconds
    answered = 0

    def times(count: int, factor: float) -> np.ndarray:
        return typical * factor * draw.lognormal(0, 0.25, count)

    earlier = Counted()
    earlier.add(times(500, 1), ["200"] * 500)
    for step in STEPS:
        champion, candidate = Counted(), Counted()
        counts = state.Rollout(1, "2", "1", [])
        for look in range(LOOKS):
            busy = world.busy[0] <= look < world.busy[1]
            host = draw.uniform(2, 4) if busy else 1.0
            copies = 1.4 if busy and step == "shadow" else 1.0  # wait behind the champion's own
            mine = A_LOOK if step == "shadow" else draw.binomial(A_LOOK, float(step))
            theirs = A_LOOK if step == "shadow" else A_LOOK - mine
            champion.add(times(theirs, host), ["200"] * theirs)
            took = times(mine, host * copies * world.slower)
            took += 0.4 * (draw.random(mine) < world.hangs)
            no_room = world.turned_away if busy else 0.0
            chances = [world.fails, no_room, 1 - world.fails - no_room]
            candidate.add(took, list(draw.choice(["500", "503", "200"], mine, p=chances)))
            answered += mine
            outcome = analysis.judge(
                analysis.Facts(
                    candidate=candidate.side(),
                    champion=champion.side(),
                    before=candidate.side(),
                    earlier=earlier.side(),
                    overloaded=controller.overloaded(counts, 100 if busy else 40),
                    elapsed=look + 1.0,
                    shadow=step == "shadow",
                ),
                CONTRACT,
            )
            if outcome.says == analysis.ABORT:
                return "; ".join(outcome.reasons), answered
            if outcome.says == analysis.PROMOTE:
                break
            if outcome.spoilt:
                champion, candidate = Counted(), Counted()
                counts.count_anew()
        else:
            return f"held in {step}: {'; '.join(outcome.reasons)}", answered
    return "promoted", answered


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "world",
    [World(), World(fails=0.001), World(busy=(0, 15)), World(busy=(3, 40), turned_away=0.07)],
    ids=["quiet", "fails one in a thousand", "a busy start", "busy, without room for some"],
)
def test_a_good_candidate_is_promoted(world: World, seed: int) -> None:
    assert rolled_out(world, seed)[0] == "promoted"


@pytest.mark.parametrize("seed", SEEDS)
def test_while_the_host_is_busy_it_is_held_and_the_reason_said(seed: int) -> None:
    found, _ = rolled_out(World(busy=(0, LOOKS)), seed)

    assert found.startswith("held in shadow: ")
    assert "; held: the host is overloaded, its " in found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("world", "name"),
    [
        (World(slower=3), "latency"),
        (World(slower=3, busy=(0, LOOKS)), "latency"),
        (World(hangs=0.3), "latency"),
        (World(fails=0.02), "errors"),
        (World(fails=0.02, busy=(0, 30)), "errors"),
    ],
    ids=["three times slower", "that on a busy host", "hangs", "fails", "that on a busy host"],
)
def test_a_bad_candidate_is_caught_soon(world: World, name: str, seed: int) -> None:
    found, answered = rolled_out(world, seed)

    assert found.startswith(f"{name}: ")
    assert answered <= 4 * CONTRACT.rollout.min_requests


def test_a_champion_that_is_slower_than_it_was_says_that_the_host_is_at_fault() -> None:
    quick = analysis.Side(requests=500, p95_ms=50, median_ms=25, mean_ms=20)
    slow = analysis.Side(requests=500, slower=100, p95_ms=250, median_ms=100, mean_ms=60)
    slower = analysis.Side(requests=500, slower=300, p95_ms=500, median_ms=100, mean_ms=80)
    facts = analysis.Facts(candidate=slower, champion=slow, earlier=quick, elapsed=60)
    held = analysis.judge(facts, CONTRACT)

    assert held.says == "hold"
    assert "held: the champion takes 60 ms, 3.0 times as before" in "; ".join(held.reasons)


def test_without_a_champion_in_the_step_its_earlier_answers_count() -> None:
    earlier = analysis.Side(requests=500, slower=200, p95_ms=250, median_ms=100, mean_ms=90)
    alike = analysis.Side(requests=500, slower=200, p95_ms=250, median_ms=100, mean_ms=95)
    slow = analysis.Side(requests=500, slower=450, p95_ms=500, median_ms=250, mean_ms=250)
    nobody = analysis.Side()

    def says(candidate: analysis.Side) -> str:
        facts = analysis.Facts(candidate=candidate, champion=nobody, earlier=earlier, elapsed=60)
        return str(analysis.judge(facts, CONTRACT).says)

    assert says(alike) == "hold"
    assert says(slow) == "abort"


def test_who_turns_most_away_is_not_excused_by_the_host() -> None:
    side = analysis.Side(requests=100, errors=50, late=50)
    facts = analysis.Facts(candidate=side, champion=analysis.Side(requests=100), overloaded=BUSY)

    assert analysis.judge(facts, CONTRACT).says == "abort"
