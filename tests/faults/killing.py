"""Runs in a generated repo: kills a command at each of some points, and looks what became of it.

To start a process and to import MLflow takes seconds; here each try is a fork. What is killed is
a group of processes of its own: the command and all that it started.
"""

import json
import os
import random
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPO = Path.cwd()
FILLER = Path("filler")  # what fills the disk
KEPT = {str(FILLER), ".venv", ".evidence", ".pytest_cache", ".ruff_cache", ".mypy_cache", "build"}
NAMES = re.compile(r"m-[0-9a-f]{32}|[0-9a-f]{32,64}|/md5/[0-9a-f]{2}(/[0-9a-f]{30})?")
HALF_OF_DVC = re.compile(r"/\.dvc/cache/.*\.tmp$")  # in its cache, for a day
TIMES = {"time", "promoted_at", "registered_at", "created", "seal", "sha256", "before", "run_id"}


def main(asked: dict[str, Any]) -> None:
    """Try each point, and print what was found."""
    import_all()
    command, prepare = asked["command"], asked.get("prepare", [])
    os.environ["FAULT_STUB"] = asked.get("stub", "")
    with tempfile.TemporaryDirectory() as name:
        given, before, work = Path(name, "given"), Path(name, "before"), Path(name)
        save(given)
        for one in prepare:
            code, said = ended(lambda one=one: say(one))
            if code:
                raise SystemExit(f"{one}: exit code {code}\n{said}")
        save(before)
        code, said, changes = once(command, work)
        found = {"changes": changes, "code": code, "said": said, "tries": []}
        expected = look(asked)
        if code not in asked["codes"] or expected["wrong"]:
            found["wrong_before"] = [code, said, expected]
        elif asked.get("free"):
            for free in asked["free"]:
                restore(before)
                found["tries"].append(full(asked, work, free, expected))
        else:
            for at, torn in points(changes, asked):
                restore(before)
                found["tries"].append(attempt(asked, work, at, torn, expected, changes))
        restore(given)
    print(json.dumps(found))


def points(changes: list[list[Any]], asked: dict[str, Any]) -> list[tuple[int, bool]]:
    """Return at which changes to kill, and whether a file is left empty; seeded, in order."""
    every = [(number, torn) for number, can, _ in changes for torn in ([False, True][: 1 + can])]
    if not asked["points"] or asked["points"] >= len(every):
        return every
    chosen = random.Random(asked["seed"]).sample(every, asked["points"])
    if asked.get("at"):
        chosen = [
            (number, torn)
            for number, torn in every
            if re.search(asked["at"], changes[number - 1][2])
        ]
        chosen = random.Random(asked["seed"]).sample(chosen, min(len(chosen), asked["points"]))
    return sorted(chosen)


def attempt(
    asked: dict[str, Any], work: Path, at: int, torn: bool, expected: dict[str, Any], changes: Any
) -> dict[str, Any]:
    """Kill a command once, run it again, and say what is unlike a run that was not killed."""
    code, said, _ = once(asked["command"], work, at, torn)
    wrong = []
    if code != -signal.SIGKILL:
        wrong.append(f"was not killed: {code}, {said[-300:]}")
    wrong += unlike(asked, work, expected)
    return {"at": at, "torn": torn, "before": changes[at - 1][2], "wrong": wrong}


def full(asked: dict[str, Any], work: Path, free: int, expected: dict[str, Any]) -> dict[str, Any]:
    """Run a command on a disk with so many KB left, and again once there is space."""
    fill(free)
    code, said, _ = once(asked["command"], work)
    FILLER.unlink()
    wrong = []
    if code not in (3, *asked["codes"]):
        wrong.append(f"exit code {code}: {said[-900:]}")
    if code == 3 and not re.search(
        r"^error: [^\n]+(\n\nhint: [^\n]+)?\Z", said.strip(), re.MULTILINE
    ):
        wrong.append(f"more than a line: {said[-900:]}")
    return {"at": free, "code": code, "wrong": wrong + unlike(asked, work, expected)}


def fill(free: int) -> None:
    """Leave so many KB on the disk of the repo."""
    with FILLER.open("wb") as file:
        there = os.statvfs(".")
        file.write(b"0" * max(0, there.f_bavail * there.f_frsize - free * 1024))


def unlike(asked: dict[str, Any], work: Path, expected: dict[str, Any]) -> list[str]:
    """Run a command again; say what is unlike a run that nothing disturbed."""
    wrong = []
    served, why = ended(champion)
    if served:
        wrong.append(f"no champion: {why[-300:]}")
    for command in asked.get("again") or [asked["command"]]:
        again, said, _ = once(command, work)
    if again not in [*asked["codes"], *asked.get("nothing_left", [])]:
        wrong.append(f"run again: exit code {again}, {said[-400:]}")
    now = look(asked)
    wrong += now["wrong"]
    for what in ("figures", "files"):
        before, after = (without(found[what], asked.get("grows", "")) for found in (expected, now))
        if after != before:
            wrong.append(f"other {what}: {difference(before, after)}")
    return wrong


def without(found: dict[str, Any], pattern: str) -> dict[str, Any]:
    """Leave out what may be more when a command ran twice."""
    return {key: one for key, one in found.items() if not pattern or not re.match(pattern, key)}


def difference(expected: Any, found: Any) -> str:
    """Say in which values two of the same kind differ."""
    if isinstance(expected, dict):
        keys = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
        return "; ".join(f"{key}: {expected.get(key)} expected, {found.get(key)}" for key in keys)
    return f"{expected} expected, {found}"


def once(
    command: list[str], work: Path, at: int = 0, torn: bool = False
) -> tuple[int, str, list[list[Any]]]:
    """Run a command in a group of processes of its own, killed at one change or not at all."""
    count, log = work / "count", work / "log"
    for path in (count, log):
        path.write_bytes(b"")

    def work_on() -> None:
        os.setsid()
        os.environ |= {"FAULT_COUNT": str(count), "FAULT_REPO": str(REPO), "FAULT_AT": str(at)}
        os.environ |= {"FAULT_LOG": str(log), "FAULT_TORN": "1" if torn else ""}
        os.environ["PYTHONPATH"] = str(HERE / "hook")
        del os.environ["FAULT_DRIVER"]
        sys.path.insert(0, str(HERE / "hook"))
        import sitecustomize  # noqa: F401 - it begins to count

        say(command)

    code, said = ended(work_on)
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    return code, said, [[int(number), int(can), what] for number, can, what in lines]


def ended(work: Any) -> tuple[int, str]:
    """Do work in a fork; return its exit code, negative for a signal, and what it said."""
    with tempfile.TemporaryFile() as out:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            code = 0
            try:
                work()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
                if isinstance(end.code, str):
                    print(end.code, flush=True)
            except BaseException as error:
                print(repr(error), flush=True)
                code = 99
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        said = out.read().decode(errors="replace")
    return os.waitstatus_to_exitcode(status), said


def say(command: list[str]) -> None:
    """Run a command of the repo, or another program."""
    if command[0] == "$":
        done = subprocess.run(command[1:], capture_output=True, text=True)
        print(done.stdout + done.stderr)
        raise SystemExit(done.returncode)
    from late_flights._mlops import cli

    if stub := os.environ.get("FAULT_STUB"):
        cli.spare_the_disk()  # as a command does before it imports what the stub does
        runpy.run_path(stub)
    sys.argv = ["late-flights", *command]
    cli.main(command)


def look(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the repo is now: what is wrong, its figures, how many files of each kind."""
    wrong = []
    for command in asked["checks"]:
        code, said = ended(lambda command=command: say(command))
        if code:
            wrong.append(f"{' '.join(command)}: exit code {code}, {said[-400:]}")
    code, said = ended(lambda: print(json.dumps(figures()), flush=True))
    told = json.loads(said.splitlines()[-1]) if not code else {}
    if code:
        wrong.append(f"figures: {said[-400:]}")
    return {"wrong": wrong, "figures": told, "files": files()}


def files() -> dict[str, int]:
    """Count the files and folders of the repo by name, with what is made up taken out."""
    found: Counter[str] = Counter()
    for folder, folders, names in os.walk("."):
        if folder == ".":
            folders[:] = [name for name in folders if name not in KEPT]
        if folder.endswith("/.git"):
            folders[:] = []
        folders[:] = [name for name in folders if name not in ("__pycache__", "tmp")]
        for name in [*names, *([] if folder.startswith("./.dvc/cache") else folders)]:
            path = f"{folder}/{name}"
            if not path.endswith(
                (".pyc", "mlflow.db-shm", "mlflow.db-wal")
            ) and not HALF_OF_DVC.search(path):
                found[NAMES.sub("#", path)] += 1
    return dict(found)


def champion() -> None:
    """Load the champion, when there is one."""
    from late_flights._mlops import paths
    from late_flights._mlops.registry import versions
    from late_flights._mlops.tracking import artifact

    pointer = versions.read_pointer()
    if pointer:
        artifact.load_named(paths.CHAMPION, pointer)
    elif os.environ.get("FAULT_SERVED"):
        raise SystemExit("there is none")


def figures() -> dict[str, Any]:
    """Return what commands recorded, without times and what is made up."""
    from late_flights._mlops import paths
    from late_flights._mlops.registry import journal, versions

    found: dict[str, Any] = {"pointer": plain(versions.read_pointer() or {})}
    found["journal"] = [plain(line) for line in journal.lines()[0]]
    found["journal wrong"] = journal.lines()[1]
    with suppress(FileNotFoundError):
        found["metrics"] = json.loads(paths.METRICS.read_text())["metrics"]
    found |= stored() if Path("mlflow.db").exists() else {}
    found |= logged() if Path("monitoring/predictions").is_dir() else {}
    for path in (*Path("monitoring").glob("*.jsonl"), *Path("monitoring/rollout").glob("*.json")):
        found[str(path)] = without_times(path.read_text())
    found["flags"] = sorted(path.name for path in Path("monitoring/rollout/flags").glob("*"))
    found["status"] = subprocess.run(
        ["git", "status", "--porcelain"], capture_output=True, text=True
    ).stdout
    log = ["git", "log", "--format=%s"]
    found["commits"] = subprocess.run(log, capture_output=True, text=True).stdout.splitlines()
    for path in (*Path("data").glob("*.dvc"), *Path("models").glob("*.dvc")):
        text = path.read_text()
        found[str(path)] = re.findall(r"(?:nfiles|size): \d+", text)[-1:]
    return found


def logged() -> dict[str, Any]:
    """Return what the prediction log holds: a caller may send a request again."""
    from late_flights._mlops.data import prediction_log as log

    damaged: list[str] = []
    lines = log.lines(sorted(log.folder().glob(log.FILES)), damaged)
    ids = sorted({f"{line['call.id']} {line['call.row']}" for line in lines})
    return {"logged": ids, "log damaged": damaged, "log wrong": log.problems()}


def without_times(text: str) -> str:
    """Leave out what a second run says otherwise: moments, durations and the seal."""
    return re.sub(r'("(time|began|elapsed|seconds|seal)": )[^,}\n]+', r"\1#", text)


def stored() -> dict[str, Any]:
    """Return what the tracking store holds."""
    import sqlite3

    found: dict[str, Any] = {}
    with sqlite3.connect("mlflow.db") as store:
        for table in ("runs", "logged_models", "model_versions", "experiments"):
            asked = f"SELECT count(*) FROM {table}"
            if table != "model_versions":  # what MLflow removes it only marks
                asked += " WHERE lifecycle_stage = 'active'"
            found[table] = store.execute(asked).fetchone()[0]
        asked = "SELECT alias, version FROM registered_model_aliases ORDER BY alias"
        found["aliases"] = [list(row) for row in store.execute(asked)]
        asked = "SELECT status, count(*) FROM runs GROUP BY status ORDER BY status"
        found["runs by status"] = [list(row) for row in store.execute(asked)]
        found["still running"] = [row for row in found["runs by status"] if row[0] == "RUNNING"]
    return found


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out times and hashes."""
    return {k: v for k, v in record.items() if k not in TIMES and not k.endswith("_sha256")}


def save(folder: Path) -> None:
    """Copy the repo, but not its packages."""
    folder.mkdir()
    for path in REPO.iterdir():
        if path.name not in KEPT:
            subprocess.run(["cp", "-a", str(path), str(folder)], check=True)


def restore(folder: Path) -> None:
    """Bring the repo back as it was saved."""
    for path in REPO.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in folder.iterdir():
        subprocess.run(["cp", "-a", str(path), str(REPO)], check=True)
    shutil.rmtree("build/tune", ignore_errors=True)  # its record names runs of the store


def import_all() -> None:
    """Import what commands import, before the forks."""
    os.environ["FAULT_DRIVER"] = "1"
    import mlflow.sklearn  # noqa: F401
    import pandas  # noqa: F401
    import skops.io  # noqa: F401
    from late_flights._mlops import cli

    for name in json.loads(sys.argv[1]).get("imports", []):
        __import__(f"late_flights._mlops.{name}")
    cli.find_commands()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
