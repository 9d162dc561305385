"""The keys of JSON that a repo wrote or printed, beside those that the page of stability names."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from first_run import try_to_run
from stability import DECLARED

TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "None": (type(None),),
    "Any": (object,),
}
RECORDS: dict[str, Any] = DECLARED["records"]

# where a life shows a record: at level 0, 1 or 2, by a service, or by a host with rollouts
FILES = {
    0: (
        "reports/validation.json",
        "reports/metrics.json",
        "models/registered/*/evaluation.json",
        "models/registered/*/manifest.json",
        "models/candidate/manifest.json",
        "models/champion/*/manifest.json",
        "models/champion/pointer.json",
        "models/journal.jsonl: promoted",
        "models/journal.jsonl: registered",
        "reports/drift.json",
    ),
    1: (
        "reports/gate.json",
        "reports/ingest.json",
        "reports/monitor.json",
        "reports/timeline.json",
        "monitoring/windows.jsonl",
        "monitoring/predictions/**/data/data.*.log*",
        "models/champion/pointer.json",
        "models/journal.jsonl: accepted",
        "models/journal.jsonl: deployed",
        "models/journal.jsonl: refused",
        "models/journal.jsonl: rolled back",
        "models/journal.jsonl: withdrawn",
    ),
    2: (
        "reports/end-to-end.json",
        "monitoring/rollout/state.json",
        "build/package/package.json",
        "models/journal.jsonl: rollout started",
        "models/journal.jsonl: rollout step",
        "models/journal.jsonl: rollout finished",
        "models/journal.jsonl: rollout aborted",
    ),
}
# what is typed after the name of the record; the order matters: each stands on those before it
PRINTED = {
    0: {
        "validate --json": "",
        "evaluate --json": "",
        "register --json": "",
        "promote --json": "",
        "trace --json": "",
        "forget --json": "carrier=UA --group --pretend",
        "drift --json": "data/incoming/2013-08.parquet",
        "readiness --json": "",
        "bench --json": "--seconds 0.5",
    },
    1: {
        "ingest --json": "data/raw/2013-01.parquet",
        "gate --json": "",
        "compare --json": "2 --with 1",
        "cost --json": "--by python",
        "monitor --json": "--since 2013-01-01",
        "trigger --json": "",
        "deploy --json": "2 --force shape",
        "rollback --json": "--reason shape",
    },
    2: {"accept --json": "target data quality", "dora --json": "", "rollout status --json": ""},
}
# runs the commands that it is given, one after another: to start each takes seconds
IN_ONE_PROCESS = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from late_flights._mlops import cli

found = {}
for name, command in json.loads(sys.argv[1]).items():
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main(command)
        except SystemExit as end:
            code = end.code
    found[name] = code, out.getvalue(), err.getvalue()
print(json.dumps(found))
"""
# each is looked at by the tests that have one: a service, an update, a host
ELSEWHERE = {
    "request of POST /predict",
    "answer of POST /predict",
    "error of the service",
    "predict --output",
    "update --json",
    "stack status --json",
    "reports/readiness.json",
    "reports/tune.json",
    "models/journal.jsonl: rollout held",
}


def unlike(shape: Any, found: Any, where: str = "") -> list[str]:
    """Name what differs between what was found and a shape of docs/records.yaml."""
    if isinstance(shape, dict):
        if not isinstance(found, dict):
            return [f"{where}: {found!r} has no keys"]
        known = {key.rstrip("?!"): inner for key, inner in shape.items()}
        wanted = [key for key in shape if not key.endswith(("?", "!")) and "*" not in key]
        differ = [f"{where}.{key}: missing" for key in wanted if key not in found]
        for name, value in found.items():
            key = next((key for key in known if fnmatchcase(name, key)), None)
            inside = f"{where}.{name}"
            differ += unlike(known[key], value, inside) if key else [f"{inside}: not on the page"]
        return differ
    if isinstance(shape, list):
        if not isinstance(found, list):
            return [f"{where}: {found!r} is no list"]
        return [one for value in found for one in unlike(shape[0], value, f"{where}[]")]
    kinds = tuple(kind for word in shape.split(" or ") for kind in TYPES[word])
    if isinstance(found, kinds) and (type(found) is not bool or bool in kinds or object in kinds):
        return []
    return [f"{where}: {found!r} is no {shape}"]


def unlike_files(folders: Iterable[Path], names: Iterable[str]) -> list[str]:
    """Name what differs in files, and records that no folder has."""
    differ = []
    for name in names:
        written = [one for folder in folders for one in contents(folder, name)]
        if not written:
            differ.append(f"{name}: nothing of that kind was written")
        differ += [one for content in written for one in unlike(RECORDS[name], content, name)]
    return sorted(set(differ))


def contents(folder: Path, name: str) -> list[Any]:
    """Return what a file holds, line by line where it has lines; of a journal, one event."""
    pattern, _, event = name.partition(": ")
    found = []
    for path in folder.glob(pattern):
        text = path.read_text(encoding="utf-8")
        lines = [text] if path.suffix == ".json" else text.splitlines()
        found += [json.loads(line) for line in lines]
    return [content for content in found if not event or content["event"] == event]


def copied_code(folder: Path, to: Path) -> Path:
    """Copy a repo without its environment and what lies in build/."""
    ignored = shutil.ignore_patterns(".venv", "build")
    return Path(shutil.copytree(folder, to, symlinks=True, ignore=ignored))


def python(repo: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with the code there, and the packages of a repo."""
    return try_to_run(
        folder, str(repo / ".venv/bin/python"), *arguments, PYTHONPATH=str(folder / "src")
    )


def unlike_printed(repo: Path, folder: Path, level: int) -> list[str]:
    """Run the verbs of a level in a folder, and name what differs in what they print."""
    commands = {name: [*name.split(), *more.split()] for name, more in PRINTED[level].items()}
    started = python(repo, folder, "-c", IN_ONE_PROCESS, json.dumps(commands))
    assert started.returncode == 0, started.stderr
    differ = []
    for name, (code, printed, said) in json.loads(started.stdout).items():
        try:
            differ += unlike(RECORDS[name], json.loads(printed), name)
        except ValueError:
            differ.append(f"{name}: exit code {code}, {printed}{said}")
    return sorted(set(differ))


def unlike_metrics(folder: Path, pattern: str, first: str) -> list[str]:
    """Name the metrics that a file of Prometheus' has otherwise than the page does."""
    found: dict[str, set[str]] = {}
    for path in folder.glob(pattern):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, labels = line.rpartition(" ")[0].partition("{")
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    declared = {k: set(v) for k, v in DECLARED["metrics"].items() if k.startswith(first)}
    return sorted(k for k in found.keys() | declared if found.get(k) != declared.get(k))
