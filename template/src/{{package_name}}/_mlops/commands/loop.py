# The template's. The batches and what follows from them are yours; nothing here knows an outcome.
"""Close the loop: live through the later batches behind the proxy, and catch a bad candidate."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import pandas as pd
from ruamel.yaml import YAML

from ... import data, schema
from .. import paths, registry, tables
from ..config import load_contract
from ..delivery import callers, ports, runner, stack, state, story
from ..delivery.ports import address
from ..files import read_json, whole_file, write_json
from ..monitoring import timeline
from . import replay
from .featurize import TRAIN
from .set_up import commit

# waits that suit somebody who looks on; every bound on the candidate stays the contract's
IN_A_HURRY = {
    "autonomy": "act",
    "steps": [10, 50, 100],
    "wait_seconds": 3,
    "patience_seconds": 60,
    "min_requests": 60,
}
LONGEST = 300  # seconds until a rollout that nothing decides is aborted
POISON = "a poisoned candidate, to see it caught"


@click.command()
@click.option("--here", is_flag=True, help="Live in this folder instead of a copy of it.")
def command(here: bool) -> None:
    """Do what `replay` does with every version delivered by a rollout, then send in a bad one.

    It happens in a clone under build/replay, on ports of its own; your data and champion stay.
    Writes reports/loop.html and loop.json, and the timeline as `replay` does.
    """
    if not here:
        replay.live_elsewhere("loop", (*timeline.FILES, *story.FILES))
        return
    choose_ports()
    hurry()
    waiting, told = replay.begin(replay.later_batches())
    with serving_host() as (host, rollouts):
        replay.go_on(waiting, host, told)
        told["bad"] = send_in_a_bad_one(rollouts)
    told["rollouts"] = rollouts
    replay.tell(told)
    write_json(story.STORY, told)
    story.write(told, load_contract())


def choose_ports() -> None:
    """Let this copy listen on free ports, so that the host that serves is left alone."""
    with ExitStack() as held:
        for name in ports.DEFAULTS:
            probe = held.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            os.environ[name] = str(probe.getsockname()[1])


def hurry() -> None:
    """Shorten the waits in this copy's contract, and let it act without a person."""
    yaml = YAML()
    content = yaml.load(paths.CONTRACT.read_text(encoding="utf-8"))
    content["rollout"] = {**content.get("rollout", {}), **IN_A_HURRY}
    with whole_file(paths.CONTRACT) as part:
        yaml.dump(content, part)
    commit("Act without a person, and wait for seconds only", [str(paths.CONTRACT)])


@contextmanager
def serving_host() -> Iterator[tuple[replay.Host, list[dict[str, Any]]]]:
    """Run the whole stack; give what the replay needs of it, and a list that rollouts fill."""
    rollouts: list[dict[str, Any]] = []

    def take_over() -> dict[str, Any]:
        found = roll_out("run")
        rollouts.append(found)
        return {"deployed": found["state"] == state.PROMOTED, "told": [story.line(found)]}

    stack.up()
    try:
        yield replay.Host(address("PROXY_PORT"), take_over), rollouts
    finally:
        runner.end()


def roll_out(*arguments: str) -> dict[str, Any]:
    """Lead a rollout to its end while callers go on asking; return where it ended, and who asked.

    Returns:
        The rollout's state, and `callers`: how many requests were sent, how many of them were
        not answered, and how many each version answered.
    """
    late = threading.Timer(LONGEST, give_up)
    late.daemon = True
    late.start()
    with callers.asking(address("PROXY_PORT"), latest_rows()) as asked:
        replay.step("rollout", *arguments)
    late.cancel()
    return {**read_json(state.FILE), "callers": asked.summary()}


def give_up() -> None:
    """Abort a rollout that nothing decided."""
    write_json(state.STOP, {"reason": f"nothing decided it within {LONGEST} s"})


def latest_rows() -> list[dict[str, Any]]:
    """Return the rows that arrived last, as callers send them."""
    known = [path for folder in (paths.RAW, paths.INCOMING) for path in sorted(folder.glob("*"))]
    rows = tables.known_rows(tables.read(known[-1], schema, data), schema)
    return tables.as_records(rows)


def send_in_a_bad_one(rollouts: list[dict[str, Any]]) -> dict[str, Any]:
    """Train on labels that were turned round, force the result past the gate, and roll it out."""
    poison(paths.FEATURES / TRAIN)
    replay.must("train")
    replay.step("evaluate")  # it may say itself that this is no better than guessing
    replay.must("register", "--force", POISON)
    code, _ = replay.step("gate")
    verdict = read_json(paths.REPORTS / "gate.json")
    failed = [check for check in verdict["checks"] if not check["ok"]]
    before = registry.read_pointer() or {}
    found = roll_out("start", verdict["version"], "--force", POISON)
    rollouts.append(found)
    after = registry.read_pointer() or {}
    return {
        "candidate": verdict["version"],
        "gate": "refused" if code else "accepted",
        "reasons": [f"{one['name']}: {one['reason']}" for one in failed],
        "rollout": found,
        "champion_before": before.get("version"),
        "champion_after": after.get("version"),
    }


def poison(path: Path) -> None:
    """Turn the target round: each label becomes its opposite, a high number a low one."""
    table = pd.read_parquet(path)
    target, labels = table[schema.TARGET], list(schema.LABELS)
    if labels:
        turned = target.map(dict(zip(labels, reversed(labels), strict=True)))
    else:
        turned = target.max() + target.min() - target
    table.assign(**{schema.TARGET: turned.astype(target.dtype)}).to_parquet(path)
