# The template's. Where predictions are logged is yours, in the environment: PREDICTION_LOG.
"""When training is started from the verdict of `monitor`, and how."""

import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo, StandIn, standing_in
from ..package import errors, scheduled_monitor


def test_without_a_prediction_log_it_says_so_and_ends_well(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREDICTION_LOG", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    done = repo.run("scheduled-monitor")

    assert (done.code, done.err) == (0, f"scheduled-monitor: no prediction log in {tmp_path}\n")
    assert "No prediction is logged here" in (tmp_path / "page.md").read_text(encoding="utf-8")


class Asked(StandIn):
    """Write a request down, and answer with the server's status."""

    def respond(self) -> None:
        """Take one request."""
        body = self.body().decode()
        form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        asked = (
            dict(urllib.parse.parse_qsl(body))
            if form and not body.startswith("{")
            else json.loads(body)
        )
        self.server.asked.append((self.path, self.headers["Authorization"], asked))
        self.answer(status=self.server.status)


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a server on this machine that takes requests in GitHub's place."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/repo")
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    with standing_in(Asked, asked=[], status=204) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        yield server


def test_it_starts_the_training_workflow_with_the_workflow_s_own_token(github: Any) -> None:
    assert scheduled_monitor.start_training() == "started mlops-train.yml in team/repo"
    assert github.asked == [
        (
            "/repos/team/repo/actions/workflows/mlops-train.yml/dispatches",
            "Bearer secret",
            {"ref": "main", "inputs": {"always": "true"}},
        )
    ]


def test_a_token_without_the_permission_is_an_outside_failure(github: Any) -> None:
    github.status = 403
    with pytest.raises(errors.OutsideFailed, match=r"not start mlops-train\.yml: .*403") as said:
        scheduled_monitor.start_training()

    assert "actions: write" in said.value.hint


@pytest.fixture
def gitlab(github: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the same server in GitLab's place."""
    for name in ("API_URL", "REPOSITORY", "REF_NAME", "TOKEN"):
        monkeypatch.delenv(f"GITHUB_{name}")
    monkeypatch.setenv("CI_API_V4_URL", f"http://127.0.0.1:{github.server_port}/api/v4")
    monkeypatch.setenv("CI_PROJECT_ID", "17")
    monkeypatch.setenv("CI_PROJECT_PATH", "team/repo")
    monkeypatch.setenv("CI_DEFAULT_BRANCH", "main")
    monkeypatch.setenv("CI_JOB_TOKEN", "of-the-job")
    return github


def test_on_gitlab_it_starts_a_pipeline_with_the_job_s_own_token(gitlab: Any) -> None:
    assert scheduled_monitor.start_training() == "started mlops-train.yml in team/repo"
    assert gitlab.asked == [
        (
            "/api/v4/projects/17/trigger/pipeline",
            None,
            {
                "token": "of-the-job",
                "ref": "main",
                "variables[MLOPS_WORKFLOW]": "mlops-train",
                "variables[TRAIN_ALWAYS]": "true",
            },
        )
    ]


def test_a_pipeline_that_may_be_given_no_variables_is_an_outside_failure(gitlab: Any) -> None:
    gitlab.status = 400
    with pytest.raises(errors.OutsideFailed, match=r"GitLab did not start .*400") as said:
        scheduled_monitor.start_training()

    assert "Settings, CI/CD, Variables" in said.value.hint


def test_without_github_it_says_what_to_run(github: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "")

    assert scheduled_monitor.start_training() == "training is due: uv run just retrain --always"
    assert github.asked == []
