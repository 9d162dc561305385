"""A team's MLflow: one server on PostgreSQL, and several machines that train and deploy."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from first_run import FirstRuns
from postgres import PASSWORD, free_port, running_postgres
from rendering import clean_environment, git, render

pytestmark = pytest.mark.e2e


@dataclass
class Team:
    """A repo whose runs and versions are on a server, and that server."""

    repo: Path
    database: str
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, folder: Path | None = None) -> dict[str, str]:
        """Return the environment of a machine: its own code, the server that all share."""
        own = {"PYTHONPATH": str(folder / "src")} if folder else {}
        return clean_environment(
            MLFLOW_TRACKING_URI=self.address, DATABASE_URL=self.database, **own
        )

    def run(
        self, *command: str, code: int = 0, who: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the repo; any other exit code is a failure that shows what it said."""
        environment = self.environment() | (who or {})
        done = subprocess.run(
            command, cwd=self.repo, env=environment, capture_output=True, text=True
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def machine(self, folder: Path, *commands: str, **more: str) -> "subprocess.Popen[str]":
        """Start commands, one after another, on another copy of the repo."""
        python = shlex.quote(str(self.repo / ".venv/bin/python"))
        script = " && ".join(f"{python} -m late_flights {command}" for command in commands)
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=self.environment(folder) | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, program: str) -> str:
        """Run a program in the repo's environment and return what it prints."""
        return self.run("uv", "run", "--frozen", "python", "-c", program).stdout.strip()

    @contextmanager
    def server(self, *options: str, **more: str) -> Iterator[None]:
        """Run `just server` in the repo; stop it by its process group."""
        command = ("uv", "run", "just", "server", "--port", str(self.port), *options)
        with self.serving(*command, **more):
            yield

    @contextmanager
    def serving(self, *command: str, **more: str) -> Iterator[None]:
        """Run a command that serves MLflow; stop it by its process group."""
        log = self.repo.parent / "server.log"
        with log.open("a", encoding="utf-8") as file:
            server = subprocess.Popen(
                command,
                cwd=self.repo,
                env=self.environment() | more,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            for _ in range(600):
                assert server.poll() is None, log.read_text(encoding="utf-8")
                try:
                    urllib.request.urlopen(f"{self.address}/health", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.3)
            else:
                pytest.fail(log.read_text(encoding="utf-8"))
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Return the address of an empty PostgreSQL database."""
    with running_postgres() as address:
        yield address


@pytest.fixture(scope="module")
def team(
    template: Path, database: str, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Team]:
    """Return a repo of level 1 with the sample as its data, and its running server."""
    root = tmp_path_factory.mktemp("team")
    folder = render(
        template, root / "late-flights", maturity_level=1, data_remote=str(root / "remote")
    )
    made = Team(first_runs.equip(folder), database, free_port())
    shutil.rmtree(folder / "data/raw")
    (folder / "data/raw").mkdir()
    shutil.copy(folder / "tests/data/sample.parquet", folder / "data/raw")
    contract = folder / "contract.yaml"
    # what a model of the sample reaches, on a machine that does other things too
    easy = re.sub(r"(?<=accept: )[0-9.]+", "0.5", contract.read_text(encoding="utf-8"))
    easy = easy.replace("quality:", "quality:\n  calibration: 1", 1)
    contract.write_text(easy.replace("latency_p95_ms: 100", "latency_p95_ms: 10000"), "utf-8")
    with made.server():
        made.run("uv", "run", "just", "set-up")
        made.run("uv", "run", "just", "repro")
        assert "register: version 1, " in made.run("uv", "run", "just", "register").stderr
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--no-verify", "--message", "First model")
        yield made


SERVED = """
import hashlib
from late_flights._mlops.registry import versions
from late_flights._mlops.tracking import runs
version = versions.find("1")
path = runs.client().download_artifacts(version.run_id, "served/model.skops")
print(hashlib.sha256(open(path, "rb").read()).hexdigest(), version.model_sha256)
"""


def test_runs_and_versions_are_on_the_server_and_nowhere_else(team: Team) -> None:
    manifest = json.loads((team.repo / "models/candidate/manifest.json").read_text("utf-8"))
    served, known = team.ask(SERVED).split()

    assert served == known == manifest["model_sha256"]
    assert not (team.repo / "mlflow.db").exists()
    assert not (team.repo / "mlruns").exists()


def test_no_argument_and_no_line_tells_the_password(team: Team) -> None:
    shown = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout

    assert f"--port {team.port}" in shown
    assert PASSWORD not in shown
    assert PASSWORD not in (team.repo.parent / "server.log").read_text(encoding="utf-8")


def test_a_page_that_calls_it_by_another_name_is_refused(team: Team) -> None:
    request = urllib.request.Request(
        f"{team.address}/api/2.0/mlflow/experiments/search?max_results=1",
        headers={"Host": "evil.example"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    with refused.value as answer:
        assert answer.code == 403


def test_a_second_server_on_the_port_is_refused(team: Team) -> None:
    done = team.run("uv", "run", "just", "server", "--port", str(team.port), code=3)

    assert f"port {team.port} of 127.0.0.1 cannot be used" in done.stderr


def test_two_machines_train_and_register_at_once(team: Team, tmp_path: Path) -> None:
    machines = []
    for seed in (1, 2):
        folder = tmp_path / f"machine-{seed}"
        shutil.copytree(team.repo, folder, ignore=shutil.ignore_patterns(".venv", "mlartifacts"))
        params = folder / "params.yaml"
        text = params.read_text(encoding="utf-8")
        changed = text.replace("max_leaf_nodes: 15", f"max_leaf_nodes: {15 + seed}")
        assert changed != text
        params.write_text(changed, encoding="utf-8")
        commands = ("train", "evaluate", 'register --force "tried at once"')
        machines.append(team.machine(folder, *commands))
    said = [machine.communicate() for machine in machines]
    versions = team.ask(
        "from late_flights._mlops.registry import versions\n"
        "print(*(f'{v.number}:{v.model_sha256}' for v in versions.listed()))"
    ).split()

    assert [machine.returncode for machine in machines] == [0, 0], said
    numbers = [re.findall(r"register: version (\d+), ", err) for _, err in said]
    assert sorted(numbers) == [["2"], ["3"]]
    assert [version.partition(":")[0] for version in versions] == ["1", "2", "3"]
    assert len({version.partition(":")[2] for version in versions}) == 3


def test_another_machine_deploys_the_bytes_that_the_server_hands_out(
    team: Team, tmp_path: Path
) -> None:
    host = tmp_path / "host"
    git(tmp_path, "clone", "--quiet", str(team.repo), str(host))
    assert not list((host / "models").glob("*/*"))
    deployed = team.machine(host, 'deploy 1 --force "it is a test"')
    _, said = deployed.communicate()
    pointer = json.loads((host / "models/champion/pointer.json").read_text(encoding="utf-8"))
    model = host / "models/champion" / pointer["model_sha256"] / "model.skops"

    assert deployed.returncode == 0, said
    assert pointer["version"] == "1"
    assert hashlib.sha256(model.read_bytes()).hexdigest() == pointer["model_sha256"]


def test_bytes_that_were_changed_on_the_server_are_not_deployed(team: Team, tmp_path: Path) -> None:
    (stored,) = (
        path
        for path in (team.repo / "mlartifacts").rglob("served/model.skops")
        if hashlib.sha256(path.read_bytes()).hexdigest() == team.ask(SERVED).split()[1]
    )
    good, host = stored.read_bytes(), tmp_path / "host"
    git(tmp_path, "clone", "--quiet", str(team.repo), str(host))
    try:
        stored.write_bytes(good + b"\0")
        refused = team.machine(host, 'deploy 1 --force "it is a test"')
        _, said = refused.communicate()
    finally:
        stored.write_bytes(good)

    assert refused.returncode == 1, said
    assert "was changed after training" in said
    assert not (host / "models/champion/pointer.json").exists()


def retrain(team: Team, folder: Path, *options: str, code: int) -> str:
    """Run it on another machine as a workflow does; return its summary."""
    page = folder.with_suffix(".md")
    job = team.machine(folder, " ".join(("retrain", *options)), GITHUB_STEP_SUMMARY=str(page))
    _, said = job.communicate()
    assert job.returncode == code, said
    return page.read_text(encoding="utf-8")


def test_a_schedule_trains_when_due_is_judged_and_waits_when_not(
    team: Team, tmp_path: Path
) -> None:
    """The first run has no champion; the second meets one that is fresh; then it is too good."""
    team.ask(
        "from late_flights._mlops.registry import versions; versions.set_alias('champion', None)"
    )
    runners = [tmp_path / name for name in ("first", "second", "third")]
    for runner in runners:
        git(tmp_path, "clone", "--quiet", str(team.repo), str(runner))
        assert not (runner / "data/raw").exists()
    params = runners[2] / "params.yaml"
    worse = params.read_text(encoding="utf-8").replace("max_iter: 150", "max_iter: 1")
    params.write_text(worse, encoding="utf-8")
    git(runners[2], "commit", "--quiet", "--all", "--message", "Learn less")

    first = retrain(team, runners[0], code=0)
    host = tmp_path / "host"
    git(tmp_path, "clone", "--quiet", str(team.repo), str(host))
    deployed = team.machine(host, "deploy")
    said = deployed.communicate()[1]
    second = retrain(team, runners[1], code=0)
    third = retrain(team, runners[2], "--always", code=1)

    assert first.startswith("## late-flights: accepted")
    assert "| champion | yes |" in first
    assert (deployed.returncode, "deploy: version" in said) == (0, True), said
    assert second.startswith("## late-flights: nothing to do")
    assert "wait: " in second
    assert third.startswith("## late-flights: refused")
    assert "| champion | **no** |" in third
    assert "champion, version " in third


def test_files_are_found_after_the_repo_and_its_server_moved(team: Team) -> None:
    before = team.ask(SERVED).split()
    moved = team.repo.with_name("moved")
    shutil.copytree(team.repo, moved, ignore=shutil.ignore_patterns(".venv"))
    hidden = (team.repo / "mlartifacts").rename(team.repo / "hidden")
    elsewhere = Team(moved, team.database, free_port())
    try:
        with elsewhere.server():
            assert elsewhere.ask(SERVED).split() == before
    finally:
        hidden.rename(team.repo / "mlartifacts")


def test_without_the_server_a_command_says_so(team: Team) -> None:
    away = Team(team.repo, team.database, free_port())
    done = away.run("uv", "run", "just", "register", code=3)

    assert f"the tracking store {away.address} does not answer" in done.stderr


OWN = "chosen-by-a-person"
ADMIN = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": OWN}
OTHER = "of-another-person"
READER = {"MLFLOW_TRACKING_USERNAME": "reader", "MLFLOW_TRACKING_PASSWORD": OTHER}
NEW_READER = """
import os
from mlflow.server import get_app_client
client = get_app_client("basic-auth", os.environ["MLFLOW_TRACKING_URI"])
client.create_user("reader", "of-another-person")
"""


@pytest.mark.all
def test_a_server_with_auth_lets_in_who_has_a_password_and_says_no_in_one_line(
    team: Team,
) -> None:
    guarded = replace(team, port=free_port())
    trace, register = ("uv", "run", "late-flights", "trace", "1"), ("uv", "run", "just", "register")
    with guarded.server("--auth", MLFLOW_AUTH_ADMIN_PASSWORD=OWN):
        unknown = guarded.run(*trace, code=3)
        wrong = guarded.run(*trace, code=3, who=ADMIN | {"MLFLOW_TRACKING_PASSWORD": "guessed"})
        guarded.run(*trace, who=ADMIN)
        guarded.run("uv", "run", "--frozen", "python", "-c", NEW_READER, who=ADMIN)
        guarded.run(*trace, who=READER)
        reader = guarded.run(*register, "--force", "a test", code=3, who=READER)

    assert "(401): MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD are not" in unknown.stderr
    assert "are wrong" in wrong.stderr
    assert "does not let reader do this (403)" in reader.stderr
    assert OWN not in (team.repo.parent / "server.log").read_text(encoding="utf-8")


def composed(team: Team, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of the container `mlflow`, for this machine.

    Docker Compose fills in variables, makes one sign of two `$`, and lays the files of `configs`.
    """
    text = (team.repo / "ops/compose.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?<!\$)\$\{POSTGRES_PASSWORD:[^}]*\}", PASSWORD, text).replace("$$", "$")
    said = yaml.safe_load(text.replace("@postgres:5432/mlflow", f"@{team.database.split('@')[1]}"))
    service, (name,) = said["services"]["mlflow"], said["services"]["mlflow"]["configs"]
    (folder / name).write_text(said["configs"][name]["content"], encoding="utf-8")
    here = {f"/{name}": str(folder / name), "0.0.0.0": "127.0.0.1"}
    given = {key: here.get(value, value) for key, value in service["environment"].items() if value}
    return service["command"], given | {"MLFLOW_PORT": str(team.port)}


@pytest.mark.parametrize(
    "password",
    [pytest.param("", id="open", marks=pytest.mark.all), pytest.param(OWN, id="accounts")],
)
def test_in_containers_a_password_of_the_administrator_is_the_switch(
    team: Team, tmp_path: Path, password: str
) -> None:
    other = replace(team, port=free_port())
    command, given = composed(other, tmp_path)
    given["MLFLOW_SERVER_ALLOWED_HOSTS"] = f"127.0.0.1:{other.port}"
    given["PATH"] = f"{team.repo}/.venv/bin:{clean_environment()['PATH']}"
    more = given | ({"MLFLOW_AUTH_ADMIN_PASSWORD": password} if password else {})
    trace = ("uv", "run", "late-flights", "trace", "1")
    with other.serving(*command, **more):
        unknown, known = (
            subprocess.run(
                trace, cwd=team.repo, env=other.environment() | who, capture_output=True, text=True
            )
            for who in ({}, ADMIN)
        )

    assert ("(401)" in unknown.stderr) == bool(password)
    # what the journal says is not asked: another clone may have moved a name since
    assert "ok       registry" in known.stdout
