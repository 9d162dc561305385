# The template's. The batches and what follows from them are yours; nothing here knows an outcome.
"""Replay later batches by rollouts, then a bad candidate."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from ... import data, schema
from .. import paths
from ..config import load_contract
from ..data import tables
from ..data.dataset import SUMMARY, TRAIN, keep_summary
from ..delivery import clients, host, ports, runner, state
from ..delivery.ports import address
from ..files import read_json, whole_file, write_json
from ..local_service import free_ports
from ..programs import commit, ended_with_us
from ..registry import versions
from . import backtest, rollout_report

# waits that suit somebody who looks on; every bound on the candidate stays the contract's
IN_A_HURRY = {
    "autonomy": "act",
    "steps": [20, 50, 100],
    "wait_seconds": 3,
    "patience_seconds": 60,
    "min_requests": 60,
}
LONGEST = 300  # seconds until a rollout that nothing decides is aborted
POISON = "a candidate that is bad on purpose, to see it aborted"


def run() -> None:
    """Tell the whole story in this folder, on ports of its own."""
    choose_ports()
    hurry()
    waiting, record = backtest.begin(backtest.later_batches())
    with serving_host() as (host, rollouts):
        backtest.go_on(waiting, host, record)
        record["bad"] = send_in_a_bad_one(rollouts)
    record["rollouts"] = rollouts
    backtest.write_report(record)
    write_json(rollout_report.RECORD, record)
    rollout_report.write(record, load_contract())


def choose_ports() -> None:
    """Let this copy listen on free ports, so that the host that serves is left alone."""
    chosen = free_ports(len(ports.DEFAULTS))
    os.environ.update(zip(ports.DEFAULTS, map(str, chosen), strict=True))


def hurry() -> None:
    """Shorten the waits in this copy's contract, and let it act without a person."""
    yaml = YAML()
    content = yaml.load(paths.CONTRACT.read_text(encoding="utf-8"))
    content["rollout"] = {**content.get("rollout", {}), **IN_A_HURRY}
    with whole_file(paths.CONTRACT) as part:
        yaml.dump(content, part)
    commit("Act without a person, and wait for seconds only", [str(paths.CONTRACT)])


@contextmanager
def serving_host() -> Iterator[tuple[backtest.Host, list[dict[str, Any]]]]:
    """Run the whole stack; give what the replay needs of it, and a list that rollouts fill."""
    rollouts: list[dict[str, Any]] = []

    def take_over() -> dict[str, Any]:
        found = roll_out("run")
        rollouts.append(found)
        return {"deployed": found["state"] == state.PROMOTED, "notes": [rollout_report.line(found)]}

    with ended_with_us() as watch:
        host.up()
        watch(runner.pid())
        try:
            yield backtest.Host(address("PROXY_PORT"), take_over), rollouts
        finally:
            runner.end()


def roll_out(*arguments: str) -> dict[str, Any]:
    """Lead a rollout to its end while clients go on asking; return where it ended, and who asked.

    Returns:
        The rollout's state, and `clients`: how many requests were sent, how many of them were
        not answered, and how many each version answered.
    """
    late = threading.Timer(LONGEST, give_up)
    late.daemon = True
    late.start()
    with clients.asking(address("PROXY_PORT"), latest_rows()) as asked:
        backtest.step("rollout", *arguments)
    late.cancel()
    return {**read_json(state.FILE, sealed=True), "clients": asked.summary()}


def give_up() -> None:
    """Abort a rollout that nothing decided."""
    on_its_way = state.load()
    known = "; ".join(on_its_way.reasons) if on_its_way else ""
    write_json(state.STOP, {"reason": f"{rollout_report.UNDECIDED} within {LONGEST} s: {known}"})


def latest_rows() -> list[dict[str, Any]]:
    """Return the rows that arrived last, as clients send them: not all of one hour at a time.

    A stage of few requests would see one hour of one day, and judge the version by it.
    """
    known = [path for folder in (paths.RAW, paths.INCOMING) for path in sorted(folder.glob("*"))]
    rows = tables.known_rows(tables.read(known[-1], schema, data), schema)
    return tables.as_records(rows.sample(frac=1, random_state=0))


def send_in_a_bad_one(rollouts: list[dict[str, Any]]) -> dict[str, Any]:
    """Train on wrong outcomes, force the result past the gate, and roll it out."""
    poison(paths.FEATURES / TRAIN)
    backtest.must("train")
    backtest.step("evaluate")  # it may say itself that this is no better than guessing
    backtest.must("register", "--force", POISON)
    code, _ = backtest.step("gate")
    verdict = read_json(paths.REPORTS / "gate.json")
    failed = [check for check in verdict["checks"] if not check["ok"]]
    before = versions.read_pointer() or {}
    found = roll_out("start", verdict["version"], "--force", POISON)
    rollouts.append(found)
    after = versions.read_pointer() or {}
    return {
        "candidate": verdict["version"],
        "gate": "refused" if code else "accepted",
        "reasons": [f"{one['name']}: {one['reason']}" for one in failed],
        "rollout": found,
        "champion_before": before.get("version"),
        "champion_after": after.get("version"),
    }


def poison(path: Path) -> None:
    """Make the target wrong: each label becomes the next one, a high number a low one."""
    table = pd.read_parquet(path)
    target, labels = table[schema.TARGET], list(schema.LABELS)
    if labels:
        turned = target.map(dict(zip(labels, [*labels[1:], labels[0]], strict=True)))
    else:
        turned = target.max() + target.min() - target
    table.assign(**{schema.TARGET: turned.astype(target.dtype)}).to_parquet(path)
    keep_summary(path.parent, read_json(path.parent / SUMMARY))
