"""Runs in a generated repo before a command: a rollout leads a version on, without processes."""

from types import SimpleNamespace
from typing import Any

from late_flights._mlops.delivery import analysis, controller, host, rollout, runner, slot


def nothing(*_: Any, **__: Any) -> None:
    """Do what needs a process, or time."""


def goes_on(*_: Any) -> analysis.Outcome:
    """Judge a stage: it may go on."""
    return analysis.Outcome(analysis.PROMOTE, [analysis.Finding("stage", "ok", "it may go on")])


controller.time = SimpleNamespace(sleep=nothing, monotonic=lambda: 0.0)
controller.facts = nothing
controller.analysis.judge = goes_on
controller.switch.require_served = nothing
host.refresh = runner.start = runner.stop = slot.start = rollout.tell = nothing
runner.running = runner.alive = lambda *_: True
