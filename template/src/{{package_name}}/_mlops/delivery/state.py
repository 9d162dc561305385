# The template's. Nothing of yours belongs here; `rollout status` shows what it knows.
"""Where does the rollout stand? One file, whole or as it was, that a killed controller leaves."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import WrongInput
from ..files import SEAL, read_json, whole_file, write_json
from ..interface import Rollout as Rules
from .analysis import Outcome

FOLDER = Path("monitoring/rollout")
FILE = FOLDER / "state.json"
METRICS = FOLDER / "metrics.prom"
STOP = FOLDER / "abort.json"
LOCK = FOLDER / ".lock"

RUNNING, HELD, ABORTED, PROMOTED = "running", "held", "aborted", "promoted"
STATES = (RUNNING, HELD, ABORTED, PROMOTED)
PREPARE, SHADOW, PROMOTE = "prepare", "shadow", "promote"


@dataclass
class Rollout:
    """One version on its way to the users, or where that ended.

    Args:
        number: Of rollouts on this host; decides whose turn it is to be first.
        version: The candidate.
        champion: The version that it is to replace.
        stages: `prepare`, perhaps `shadow`, steps in per cent, `promote`.
        stage: The one that it is in.
        state: One of `STATES`.
        elapsed: Seconds in this stage, added up by a clock that never jumps.
        began: When the stage began, in UTC; for people, and to find log lines.
        seen: When Prometheus had looked at each side last before the stage's first look.
        counted: What each side had counted when the stage began; empty until that is known.
        looks: How often the host was looked at since.
        busy: How often of that it was overloaded.
        reset_reason: Why the stage was counted anew, the last time.
        candidate: The latest share of the callers or the traffic that was seen at the candidate.
        agreement: Share of the rows answered alike, from the shadow.
        forced: Why it goes without the gate; empty when the gate accepted it.
        reasons: What the latest judgement stood on.
        history: Every stage that ended: how, why, after how long.
    """

    number: int
    version: str
    champion: str
    stages: list[str]
    stage: str = PREPARE
    state: str = RUNNING
    elapsed: float = 0.0
    began: str = ""
    seen: dict[str, Any] = field(default_factory=dict)
    counted: dict[str, Any] = field(default_factory=dict)
    looks: int = 0
    busy: int = 0
    reset_reason: str = ""
    candidate: float | None = None
    agreement: float | None = None
    forced: str = ""
    reasons: list[str] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Say whether it is still on its way."""
        return self.state in (RUNNING, HELD)

    @property
    def percent(self) -> int:
        """Return the share of the callers that the candidate has by its flags."""
        if not self.open:
            return 0
        return 100 if self.stage == PROMOTE else int(self.stage) if self.stage.isdecimal() else 0

    @property
    def judged(self) -> bool:
        """Say whether it has passed a stage with traffic."""
        return any(part["stage"] != PREPARE for part in self.history)

    def enter(self, stage: str, now: str) -> None:
        """Begin a stage."""
        self.stage, self.state, self.elapsed, self.began = stage, RUNNING, 0.0, now
        self.candidate, self.reasons, self.reset_reason = None, [], ""
        self.count_anew()

    def count_anew(self) -> None:
        """Forget what was counted in this stage."""
        self.seen, self.counted, self.looks, self.busy = {}, {}, 0, 0

    def leave(self, says: str, reasons: list[str], now: str) -> None:
        """Write down how the stage ended."""
        self.reasons = reasons
        self.history.append(
            {
                "time": now,
                "stage": self.stage,
                "outcome": says,
                "seconds": round(self.elapsed, 1),
                "share": self.candidate,
                "reasons": reasons,
            }
        )

    def following(self) -> str:
        """Return the stage after this one."""
        return self.stages[self.stages.index(self.stage) + 1]


def stages(rules: Rules) -> list[str]:
    """Return the stages that the contract asks for."""
    return [PREPARE, *([SHADOW] if rules.shadow else []), *map(str, rules.steps), PROMOTE]


def load() -> Rollout | None:
    """Return the latest rollout on this host, or nothing before the first.

    Raises:
        WrongInput: If its file is damaged.
    """
    if not FILE.is_file():
        return None
    try:
        known = read_json(FILE, "uv run just rollout", kinds={}, sealed=True)
        return Rollout(**{name: value for name, value in known.items() if name != SEAL})
    except TypeError as error:
        raise WrongInput(f"{FILE} is of another version: {error}", "remove it") from error


def save(rollout: Rollout) -> None:
    """Write the state, and the same as metrics for Prometheus."""
    write_json(FILE, asdict(rollout), seal=True)
    with whole_file(METRICS) as part:
        part.write_text(as_metrics(rollout), encoding="utf-8")


def as_metrics(rollout: Rollout) -> str:
    """Return a rollout in Prometheus' own format."""
    lines = [
        f"rollout_step_percent {rollout.percent}",
        f"rollout_seen_timestamp_seconds {time.time():.0f}",
    ]
    lines += [f'rollout_state{{state="{name}"}} {int(rollout.state == name)}' for name in STATES]
    if rollout.agreement is not None:
        lines.append(f"rollout_agreement {rollout.agreement}")
    lines.append(f'rollout_candidate_info{{version="{rollout.version}"}} {int(rollout.open)}')
    return "\n".join(lines) + "\n"


def summary(outcome: Outcome) -> list[dict[str, str]]:
    """Return every finding as JSON holds it."""
    return [asdict(one) for one in outcome.findings]
