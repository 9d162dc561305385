"""A whole serving host under real traffic: candidates that may go on, and those that may not."""

import http.client
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from first_run import FirstRuns
from postgres import free_port
from records import RECORDS, unlike, unlike_files
from rendering import clean_environment, git, render

pytestmark = pytest.mark.e2e

PORTS = "PROXY MIRROR STATUS CHAMPION CANDIDATE PROMETHEUS ALERTMANAGER"
PROGRAMS = {
    "nginx": ["nginx"],
    "prometheus": ["prometheus"],
    "prometheus-alertmanager": ["prometheus-alertmanager", "alertmanager"],
}
SERVICE = "src/late_flights/service.py"
RULES = {
    "shadow": True,
    "steps": [20, 50, 100],
    "wait_seconds": 4,
    "patience_seconds": 10,
    "min_requests": 30,
    "max_shift": 0.3,
}
# what a candidate does to traffic
FAULTS = {
    "fails": 'raise RuntimeError("broken")',
    "hangs": "time.sleep(600)",
    "is slow": "time.sleep(0.3)",
}
# of the contract, which a busy machine keeps, or a candidate breaks; TIMEOUT of the service
PATIENT_MS, STRICT_MS, TIMEOUT = 5000, 250, 10
ROWS = """
import json
from late_flights import data, schema
from late_flights._mlops import paths
from late_flights._mlops.data import tables
rows = tables.known_rows(tables.read(paths.SAMPLE, schema, data), schema)
print(json.dumps(tables.as_records(rows.sample(200, random_state=0))))
"""


# another file with the same predictions, and one that swaps the labels
AS_GOOD = "path.write_bytes(path.read_bytes() + bytes(1))"
INVERTED = """
found = artifact.load(paths.CANDIDATE)
found.model[-1].classes_ = found.model[-1].classes_[::-1].copy()
artifact.save(found.model, paths.CANDIDATE)
"""
REWRITE = """
from late_flights._mlops import files, paths
from late_flights._mlops.tracking import artifact
path, manifest = paths.CANDIDATE / artifact.MODEL, paths.CANDIDATE / artifact.MANIFEST
known = [(name, files.read_json(name)) for name in (manifest, paths.METRICS)]
{change}
for name, content in known:
    files.write_json(name, content | dict(model_sha256=files.sha256(path)))
files.write_json(manifest, files.read_json(manifest) | dict(by_hand=True))
"""


def require_programs() -> None:
    """Skip without the programs of a serving host; in CI fail."""
    missing = [name for name, known in PROGRAMS.items() if not any(map(shutil.which, known))]
    if missing:
        reason = f"apt-get install {' '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@dataclass(frozen=True)
class Call:
    """One answer to one caller."""

    caller: int
    status: int
    version: str
    seconds: float
    at: str  # when it was answered, as the rollout writes a moment


@dataclass
class Host:
    """A repo that serves, with ports of its own."""

    repo: Path
    environment: dict[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def port(self, name: str) -> int:
        return int(self.environment[f"{name}_PORT"])

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command of the repo."""
        return subprocess.Popen(
            [str(self.repo / ".venv/bin/python"), *command],
            cwd=self.repo,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command of the repo and return all it said."""
        process = self.start("-m", "late_flights", *command)
        said = process.communicate()[0]
        assert process.returncode == code, f"{command}: {process.returncode}\n{said}"
        return said

    def uv(self, *command: str) -> None:
        """Run uv in the repo; a failure shows what it said."""
        done = subprocess.run(
            ["uv", *command], cwd=self.repo, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"

    def rollout(self, version: str, code: int) -> dict[str, Any]:
        """Lead a version to its end and return what became of it."""
        self.run("rollout", "start", version, "--force", "it is a test", code=code)
        return self.state()

    def state(self) -> dict[str, Any]:
        """Return where the rollout stands; before the first, nowhere."""
        path = self.repo / "monitoring/rollout/state.json"
        if not path.exists():
            return {"stage": "", "state": "", "reasons": []}
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def contract(self, limit_ms: int = PATIENT_MS, **rules: Any) -> None:
        """Set rules of the rollout, and how fast an answer must be."""
        path = self.repo / "contract.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content["rollout"] = {**RULES, **rules}
        content["service"]["latency_p95_ms"] = limit_ms
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    @contextmanager
    def faulty(self, does: str) -> Iterator[None]:
        """Let a service that is started meanwhile misbehave; the champion runs already."""
        path = self.repo / SERVICE
        good = path.read_text(encoding="utf-8")
        given = "        given = "
        assert given in good
        # what came through the proxy says so; the candidate's first answers are asked for directly
        fault = f'        if "x-forwarded-for" in ctx.request.headers:\n            {does}\n'
        timed = good.replace("import bentoml", "import time\n\nimport bentoml", 1)
        path.write_text(timed.replace(given, fault + given), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(good, encoding="utf-8")

    def champion(self) -> str:
        pointer = json.loads((self.repo / "models/champion/pointer.json").read_text())
        return str(pointer["version"])


class Load:
    """Callers who ask without end, each over a connection that stays open."""

    def __init__(
        self,
        host: Host,
        pause: float = 0.1,
        callers: Sequence[int] = range(200),
        threads: int = 4,
    ) -> None:
        self.host, self.pause, self.callers = host, pause, callers
        self.stopped = threading.Event()
        self.calls: list[Call] = []
        self.threads = [
            threading.Thread(target=self.ask, args=(n, threads)) for n in range(threads)
        ]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def ask(self, first: int, step: int) -> None:
        """Ask for one caller after the other until stopped."""
        line = http.client.HTTPConnection("127.0.0.1", self.host.port("PROXY"), timeout=60)
        turn = first
        while not self.stopped.wait(self.pause):
            caller = self.callers[turn % len(self.callers)]
            row = self.host.rows[turn % len(self.host.rows)]
            turn += step
            begin = time.perf_counter()
            try:
                headers = {"Content-Type": "application/json", "X-Caller-Id": str(caller)}
                line.request("POST", "/predict", json.dumps({"rows": [row]}), headers)
                answer = line.getresponse()
                content = json.loads(answer.read())
                found = answer.status, content.get("model_version", "")
            except (OSError, http.client.HTTPException, ValueError) as error:
                found = 0, repr(error)
                line.close()
            took, now = time.perf_counter() - begin, datetime.now(UTC)
            self.calls.append(Call(caller, *found, took, now.isoformat(timespec="milliseconds")))
        line.close()

    @property
    def statuses(self) -> set[int]:
        return {call.status for call in self.calls}


@pytest.fixture(scope="module")
def host(
    template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """Return a host that serves version 1; 2 does as well, 3 swaps the labels."""
    require_programs()
    folder = tmp_path_factory.mktemp("rollout") / "late-flights"
    repo = first_runs.equip(render(template, folder, maturity_level=2))
    ports = {f"{name}_PORT": str(free_port()) for name in PORTS.split()}
    host = Host(repo, clean_environment(**ports, OMP_NUM_THREADS="1"))
    shutil.rmtree(repo / "data/raw")
    (repo / "data/raw").mkdir()
    shutil.copy(repo / "tests/data/sample.parquet", repo / "data/raw")
    for verb in ("set-up", "repro", "register"):
        host.uv("run", "just", verb)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--no-verify", "--message", "First model")
    host.run("promote", "--force", "a model of the sample")
    for change in (AS_GOOD, INVERTED):
        said = host.start("-c", REWRITE.format(change=change)).communicate()[0]
        assert not said, said
        host.run("register")
    host.rows = json.loads(host.start("-c", ROWS).communicate()[0])
    host.contract()
    host.run("stack", "up")
    yield host
    host.run("stack", "down")


def stage(state: dict[str, Any]) -> tuple[str, str]:
    """Return where a rollout ended, and why."""
    last = state["history"][-1]
    return last["stage"], "; ".join(last["reasons"])


def test_every_process_is_well(host: Host) -> None:
    found = json.loads(host.run("stack", "status", "--json"))

    assert unlike(RECORDS["stack status --json"], found) == []
    assert [name for name, one in found.items() if one["well"]] == [
        "proxy",
        "champion",
        "prometheus",
        "alertmanager",
    ]


def test_a_candidate_that_ends_at_its_start_is_aborted_before_anybody_asks_it(host: Host) -> None:
    path = host.repo / SERVICE
    good = path.read_text(encoding="utf-8")
    path.write_text(f'{good}\nraise SystemExit("no such thing")\n', encoding="utf-8")
    try:
        with Load(host) as load:
            ended = host.rollout("2", code=1)
    finally:
        path.write_text(good, encoding="utf-8")

    assert stage(ended)[0] == "prepare"
    assert "ended with exit code 1" in stage(ended)[1]
    assert load.statuses == {200}
    assert host.champion() == "1"


@pytest.mark.parametrize(
    ("fault", "reason", "limit_ms", "pause"),
    [
        # without a shadow one that fails is aborted too, and there it is seen more
        pytest.param("fails", "errors:", PATIENT_MS, 0.01, marks=pytest.mark.all),
        ("is slow", "latency:", STRICT_MS, 1.5),  # no faster than it answers, or it fails as well
        pytest.param("hangs", "errors:", PATIENT_MS, 0.01, marks=pytest.mark.all),
    ],
)
def test_in_the_shadow_a_bad_candidate_is_aborted_and_no_user_notices(
    host: Host, fault: str, reason: str, limit_ms: int, pause: float
) -> None:
    host.contract(limit_ms)
    with host.faulty(FAULTS[fault]), Load(host, pause) as load:
        ended = host.rollout("2", code=1)

    assert stage(ended)[0] == "shadow"
    assert stage(ended)[1].startswith(reason)
    assert (load.statuses, {call.version for call in load.calls}) == ({200}, {"1"})
    assert max(call.seconds for call in load.calls) < TIMEOUT  # what hangs, hangs so long
    host.contract()


def test_a_candidate_that_is_wrong_with_a_straight_face_disagrees_in_the_shadow(host: Host) -> None:
    with Load(host) as load:
        ended = host.rollout("3", code=1)

    assert stage(ended)[0] == "shadow"
    assert "agreement:" in stage(ended)[1]
    assert (load.statuses, {call.version for call in load.calls}) == ({200}, {"1"})


def test_without_a_shadow_its_answers_give_it_away_in_the_first_step(host: Host) -> None:
    host.contract(shadow=False)
    with Load(host) as load:
        ended = host.rollout("3", code=1)
    host.contract()

    assert stage(ended)[0] == "20"
    assert "answers:" in stage(ended)[1]
    assert load.statuses == {200}
    assert host.champion() == "1"


def test_without_a_shadow_one_that_fails_costs_no_user_an_answer(host: Host) -> None:
    host.contract(shadow=False)
    with host.faulty(FAULTS["fails"]), Load(host) as load:
        ended = host.rollout("2", code=1)
    host.contract()
    wrong = [call for call in load.calls if call.status != 200]

    assert stage(ended)[0] == "20"
    assert stage(ended)[1].startswith("errors:")
    assert len(wrong) <= 0.2 * len(load.calls)  # the step's share
    assert wrong == []  # and better: the champion answered in its place
    assert not list((host.repo / "monitoring/rollout/flags").iterdir())


def until(condition: Callable[[], bool], process: "subprocess.Popen[str] | None" = None) -> None:
    """Wait until something is so; fail when the process ends first."""
    while not condition():
        if process and process.poll() is not None:
            raise AssertionError(f"it ended\n{process.communicate()[0]}")
        time.sleep(0.2)


def silent(host: Host) -> bool:
    """Say whether the rollout waits for Prometheus."""
    return "Prometheus does not answer" in "; ".join(host.state()["reasons"])


def supervised(host: Host, *command: str) -> None:
    """Have supervisord do something."""
    config = ("-c", str(host.repo / "build/deploy/supervisord.conf"))
    done = host.start("-m", "supervisor.supervisorctl", *config, *command)
    said = done.communicate()[0]
    assert done.returncode == 0, said


def test_a_good_one_reaches_everybody_though_its_controller_and_prometheus_fail(host: Host) -> None:
    start = ("-m", "late_flights", "rollout", "start", "2", "--force", "it is a test")
    with Load(host) as load:
        controller = host.start(*start)
        until(
            lambda: host.state()["stage"] == "shadow" and host.state()["state"] == "running",
            controller,
        )
        supervised(host, "stop", "prometheus")
        until(lambda: host.state()["state"] == "held" and silent(host), controller)
        held = host.state()
        second = host.run("rollout", "run", code=3)
        controller.kill()
        controller.communicate()
        left = host.state()
        supervised(host, "start", "prometheus")
        host.run("rollout", "run")
    ended = host.state()
    passed = {part["stage"]: part for part in ended["history"]}

    assert unlike_files([host.repo], ["models/journal.jsonl: rollout held"]) == []
    assert (held["stage"], left["stage"]) == ("shadow", "shadow")
    assert "is held by another command" in second
    assert ended["state"] == "promoted"
    assert list(passed) == ["prepare", "shadow", "20", "50", "100", "promote"]
    assert all(part["seconds"] >= 4 for name, part in passed.items() if name.isdecimal())
    assert host.champion() == "2"
    assert load.statuses == {200}  # not one was lost
    for before, step, share, off in (("shadow", "20", 0.2, 0.15), ("20", "50", 0.5, 0.2)):
        seen = versions(load, passed[before], passed[step])
        assert seen.count("2") / len(seen) == pytest.approx(share, abs=off)
    late = [v for v in versions(load, passed["50"], passed["100"]) if v != "2"]
    assert len(late) <= len(load.threads)  # each caller's request that was under way
    assert passed["100"]["share"] == pytest.approx(1, abs=0.05)
    assert grown(load.calls)
    assert "rollout finished" in (host.repo / "models/journal.jsonl").read_text(encoding="utf-8")


def versions(load: Load, before: dict[str, Any], stage: dict[str, Any]) -> list[str]:
    """Return which versions answered from the end of one stage to the end of the next."""
    return [call.version for call in load.calls if before["time"] < call.at < stage["time"]]


def grown(calls: list[Call]) -> bool:
    """Say whether each caller went over to version 2 once, and never back."""
    by_caller: dict[int, list[str]] = {}
    for call in calls:
        by_caller.setdefault(call.caller, []).append(call.version)
    return all(versions == sorted(versions) for versions in by_caller.values())


def test_other_features_go_live_by_blue_green_while_the_champion_starts_anew(host: Host) -> None:
    path = host.repo / "src/late_flights/features.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# other code\n", encoding="utf-8")
    host.contract(shadow=False, steps=[100])
    git(host.repo, "add", "--all")
    git(host.repo, "commit", "--quiet", "--no-verify", "--message", "Other features")
    for verb in ("repro", "register"):
        host.uv("run", "just", verb)
    host.run("stack", "up")  # other steps need a reload, which may close a caller's connection
    before = json.loads(host.run("stack", "status", "--json"))["champion"]["pid"]
    with Load(host) as load:
        until(lambda: len(load.calls) > 100)  # what the candidate's answers are compared with
        ended = host.rollout("4", code=0)
        until(lambda: load.calls[-1].version == "4")
    after = json.loads(host.run("stack", "status", "--json"))["champion"]["pid"]

    assert [part["stage"] for part in ended["history"]] == ["prepare", "100", "promote"]
    assert "answers: their distribution" in "; ".join(ended["history"][1]["reasons"])
    assert ended["state"] == "promoted"
    assert before != after
    assert host.champion() == "4"
    assert load.statuses == {200}
    assert grown(load.calls)
