"""A team on GitHub: its data in an S3 bucket, its runs on a server with accounts, its workflows.

Every job begins in a fresh clone and an empty home, and has what the workflow hands it.
"""

import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from first_run import PATIENT
from github_runner import Api, Forge, Result, running_api
from postgres import free_port, running_postgres
from rendering import UV, clean_environment, commit_all, git, render
from test_e2e_server import ADMIN, OWN, Team

pytestmark = [pytest.mark.e2e, pytest.mark.all]

MOTO = "moto[server]>=5.1,<6"
KEYS = {"AWS_ACCESS_KEY_ID": "key-of-the-bucket", "AWS_SECRET_ACCESS_KEY": "its-other-half"}
# they run on the sample wherever a workflow runs: tests/test_e2e_demo.py runs each of them
TESTS = ("feature-logic", "model-methods", "convergence", "no-nan", "artefacts", "integration")


@contextmanager
def running_s3(port: int) -> Iterator[None]:
    """Serve buckets as S3 does, on this machine; stop it by its process id."""
    command = [UV, "run", "--quiet", "--no-project", "--with", MOTO, "python", "-m", "moto.server"]
    server = subprocess.Popen(
        [*command, "-H", "127.0.0.1", "-p", str(port)],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            assert server.poll() is None, "moto ended"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.3)
        yield
    finally:
        server.terminate()
        server.wait()


@dataclass
class Hosted:
    """What the team has: its repo, its server, its bucket's port, its forge, what the API heard."""

    team: Team
    forge: Forge
    bucket: int
    api: type[Api]

    def alias(self, name: str) -> str:
        """Return the version that an alias names."""
        program = "from late_flights._mlops.registry import versions\n"
        program += f"v = versions.by_alias({name!r}); print(v.number if v else 'none')"
        done = self.team.run("uv", "run", "--frozen", "python", "-c", program, who=ADMIN | KEYS)
        return done.stdout.strip()

    def push(self, message: str, branch: str = "main") -> None:
        commit_all(self.team.repo, message)
        git(self.team.repo, "push", "--quiet", "--force", "origin", f"HEAD:{branch}")


@pytest.fixture(scope="module")
def hosted(template: Path, osv: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """Return a team that set its repo up, and has pushed it for the first time."""
    root, bucket = tmp_path_factory.mktemp("hosted"), free_port()
    repo = render(
        template,
        root / "late-flights",
        maturity_level=2,
        data_remote="s3://late-flights/data",
    )
    with (repo / ".dvc/config").open("a", encoding="utf-8") as config:
        config.write(f"    endpointurl = http://127.0.0.1:{bucket}\n")
    shutil.rmtree(repo / "data/raw")
    (repo / "data/raw").mkdir()
    shutil.copy(repo / "tests/data/sample.parquet", repo / "data/raw")
    contract = repo / "contract.yaml"
    # what a model of the sample reaches, on a machine that does other things too
    easy = re.sub(r"(?<=accept: )[0-9.]+", "0.5", contract.read_text(encoding="utf-8"))
    easy = easy.replace("quality:", "quality:\n  calibration: 1", 1)
    easy = easy.replace("latency_p95_ms: 100", f"latency_p95_ms: {PATIENT}")
    contract.write_text(
        f"{easy}\ndelivery: {{throughput_rps: 0.1, load_seconds: 4}}\n", encoding="utf-8"
    )
    with running_postgres() as database, running_api() as (address, api):
        team = Team(repo, database, free_port())
        forge = Forge(root / "origin.git", root / "github", repo / ".venv", address)
        forge.variables = {"MLFLOW_TRACKING_URI": team.address, "OSV_URL": osv}
        forge.secrets = ADMIN | KEYS
        with team.server("--auth", MLFLOW_AUTH_ADMIN_PASSWORD=OWN), running_s3(bucket):
            made = urllib.request.Request(f"http://127.0.0.1:{bucket}/late-flights", method="PUT")
            urllib.request.urlopen(made, timeout=30).close()
            team.run("uv", "run", "just", "set-up", who=ADMIN | KEYS)
            git(root, "clone", "--quiet", "--bare", str(repo), str(forge.origin))
            git(repo, "remote", "add", "origin", str(forge.origin))
            hosted = Hosted(team, forge, bucket, api)
            hosted.push("What this team agreed on")
            yield hosted


def ended(done: dict[str, Result]) -> dict[str, str]:
    return {name: one.ended for name, one in done.items()}


def failures(done: dict[str, Result]) -> str:
    return "\n".join(f"{name}\n{one.said}" for name, one in done.items() if one.ended == "failure")


ACCEPTED = ("compatibility", "calls", "load", "data", "performance")


def test_the_first_push_finds_no_version_and_moves_no_name(hosted: Hosted) -> None:
    hosted.forge.leave_out = (*TESTS, *ACCEPTED, "test")
    done = hosted.forge.start("mlops-deliver", "push")

    assert set(ended(done).values()) == {"success", "skipped"}, failures(done)
    assert "smoke only" in done["package"].page
    assert "smoke only: a model of the sample is not released" in done["production"].page
    assert hosted.alias("staging") == "none"


def test_a_schedule_without_the_bucket_s_secret_fails_and_a_rerun_trains(hosted: Hosted) -> None:
    hosted.forge.secrets = ADMIN
    failed = hosted.forge.start("mlops-train", "schedule")
    hosted.forge.secrets = ADMIN | KEYS
    again = hosted.forge.start("mlops-train", "schedule", again=failed)

    assert ended(failed) == {"train": "failure"}
    assert "failed\n" in failed["train"].page
    assert ended(again) == {"train": "success"}, failures(again)
    assert ": accepted\n" in again["train"].page
    assert hosted.alias("challenger") == "1"


def test_what_was_trained_is_delivered_once_a_person_says_yes(hosted: Hosted) -> None:
    hosted.forge.leave_out = TESTS
    waiting = hosted.forge.start("mlops-deliver", "workflow_run", approve=False)
    hosted.api.reviewers = []
    refused = hosted.forge.start("mlops-deliver", "workflow_run", again=waiting)
    hosted.api.reviewers = ["/production"]
    approved = hosted.forge.start("mlops-deliver", "workflow_run", again=refused)

    assert waiting["production"].ended == "waiting", failures(waiting)
    assert {waiting[name].ended for name in (*ACCEPTED, "staging")} == {"success"}
    assert refused["production"].ended == "failure"
    assert "no required reviewers" in refused["production"].said
    assert waiting["provenance"].ended == "skipped"  # a private repo, without ATTEST
    assert set(ended(approved).values()) == {"success"}, failures(approved)
    assert approved["image"].not_here
    assert hosted.alias("production") == hosted.alias("challenger")


@pytest.mark.parametrize("fork", [True, False], ids=["of a fork", "of a member"])
def test_a_change_of_features_is_tried_without_a_secret(hosted: Hosted, fork: bool) -> None:
    """The registered version fits other features: the change is packaged with the sample."""
    head = git(hosted.team.repo, "rev-parse", "HEAD").strip()
    features = hosted.team.repo / "src/late_flights/features.py"
    features.write_text(features.read_text(encoding="utf-8") + "\n# another thought\n", "utf-8")
    try:
        hosted.push("Think again", branch="change")
    finally:
        git(hosted.team.repo, "reset", "--quiet", "--hard", head)
    hosted.forge.leave_out = (*TESTS, "check")
    tried = hosted.forge.start("mlops-pipeline", "pull_request", ref="change", fork=fork)
    checked = hosted.forge.start("check", "pull_request", ref="change", fork=fork)

    assert ended(tried)["package"] == "success", failures(tried)
    assert ended(tried)["provenance"] == "skipped"
    assert "a model of the sample" in tried["package"].page
    assert set(ended(checked).values()) == {"success"}, failures(checked)
    for one in (*tried.values(), *checked.values()):
        assert not any(word in one.said for word in (OWN, *KEYS.values()))


def test_the_monitor_runs_in_the_folder_that_serves(hosted: Hosted, tmp_path: Path) -> None:
    host = tmp_path / "host"
    git(tmp_path, "clone", "--quiet", str(hosted.forge.origin), str(host))
    hosted.forge.variables["MONITOR_FOLDER"] = str(tmp_path / "gone")
    failed = hosted.forge.start("mlops-monitor", "schedule")
    hosted.forge.variables["MONITOR_FOLDER"] = str(host)
    again = hosted.forge.start("mlops-monitor", "schedule", again=failed)

    assert ended(failed) == {"monitor": "failure"}
    assert ended(again) == {"monitor": "success"}, failures(again)
    assert "No prediction is logged here" in again["monitor"].page
    assert hosted.api.asked == []


def test_an_artefact_that_no_job_made_reaches_none(hosted: Hosted) -> None:
    """What says no: a job that downloads gets what a job of its own run uploaded."""
    job = {"steps": [{"uses": "actions/download-artifact@x", "with": {"name": "a", "path": "b"}}]}
    shutil.rmtree(hosted.forge.folder / "artefacts", ignore_errors=True)
    with pytest.raises(FileNotFoundError):
        hosted.forge.job(job, {}, "main")
