# The template's. Who approves production is yours: the reviewers of that environment.
"""Test, then staging, then production: in order, accepted, approved."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import alias
from ..fixtures import Repo, StandIn, rewrite, standing_in
from ..package import bills, bundle, config, environments, errors, paths
from .conftest import prepare

ASKS = {"protection_rules": [{"type": "required_reviewers"}]}
NAMED = {"test": "2", "staging": "2", "champion": "1"}


@pytest.mark.parametrize(
    ("environment", "change", "gate", "reason"),
    [
        ("test", {}, "accepted", ""),
        ("staging", {}, "accepted", ""),
        ("production", {}, "accepted", ""),
        ("test", {}, "refused", "version 2 was not accepted by the gate"),
        ("production", {}, "", "version 2 was not accepted by the gate"),
        ("test", {"champion": "2"}, "", ""),
        ("staging", {"test": "1"}, "accepted", "version 2 was not in test, which has version 1"),
        ("staging", {"test": None}, "accepted", "version 2 was not in test, which has none"),
        ("production", {"staging": None}, "accepted", "version 2 was not in staging"),
    ],
)
def test_a_version_moves_on_when_it_was_accepted_and_in_order(
    environment: str, change: dict[str, str | None], gate: str, reason: str
) -> None:
    found = environments.hindrance(environment, "2", {**NAMED, **change}, gate)

    assert found.startswith(reason)
    assert bool(found) == bool(reason)


@pytest.fixture(scope="module")
def delivered(rivals: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a repo with champion 1 whose challenger, version 2, is packaged; read only."""
    folder = tmp_path_factory.mktemp("delivered") / "repo"
    made = prepare(rivals.copy(folder))
    made.must("gate")
    made.must("package")
    return made


@pytest.fixture
def own_delivered(delivered: Repo, tmp_path: Path) -> Repo:
    """Return a copy of `delivered`, free to change."""
    return delivered.copy(tmp_path / "own-delivered")


@pytest.mark.slow
def test_a_version_goes_through_the_environments_in_order(
    own_delivered: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    early = own_delivered.run("release", "production")
    traced = own_delivered.run("trace", "2").err
    for environment in environments.ORDER:
        own_delivered.must("release", environment)
    again = own_delivered.must("release", "production")

    assert (early.code, "was not in staging" in early.err) == (1, True)
    assert [alias(own_delivered, name) for name in environments.ORDER] == ["2", "2", "2"]
    assert alias(own_delivered, "challenger") == "2"
    assert alias(own_delivered, "champion") == "1"
    # what release says of a version later is no alteration of it
    assert own_delivered.run("trace", "2").err == traced
    assert "version 2 is there already" in again.err
    assert "next=production\n" in (tmp_path / "output").read_text()


def test_on_gitlab_a_person_starts_production_unless_the_contract_acts(
    own_delivered: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its two jobs the automatic one does nothing, and the other says no to being automatic."""
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("STEP_SUMMARY", str(tmp_path / "build/page.md"))
    for environment in ("test", "staging"):
        monkeypatch.setenv("CI_ENVIRONMENT_NAME", f"mlops/{environment}")
        own_delivered.must("release", environment)
    monkeypatch.setenv("CI_ENVIRONMENT_NAME", "mlops/production-automatic")
    waits = own_delivered.must("release", "production")
    monkeypatch.setenv("CI_ENVIRONMENT_NAME", "mlops/production")
    refused = own_delivered.run("release", "production")
    before = alias(own_delivered, "production")
    monkeypatch.setenv("CI_JOB_MANUAL", "true")
    own_delivered.must("release", "production")

    assert "waits for a person, who starts the job production" in waits.err
    assert (refused.code, "no person started the job" in refused.err) == (1, True)
    assert (before, alias(own_delivered, "production")) == (None, "2")
    page = (tmp_path / "build/page.md").read_text(encoding="utf-8")
    assert page.count("production: version 2") == 2


def test_on_gitlab_the_automatic_job_releases_when_the_contract_acts(
    own_delivered: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_delivered.change(paths.CONTRACT, "rollout", to={"autonomy": "act"})
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_ENVIRONMENT_NAME", "mlops/production-automatic")
    for environment in environments.ORDER:
        own_delivered.must("release", environment)

    assert alias(own_delivered, "production") == "2"


def test_a_package_of_another_model_than_the_version_s_is_refused(own_delivered: Repo) -> None:
    package = own_delivered.folder / bundle.PACKAGE
    rewrite(package / bundle.RECORD, model_sha256="0" * 64)
    (package / bundle.SUMS).write_text(bundle.sums(package), encoding="utf-8")
    done = own_delivered.run("release", "test")

    assert (done.code, "another model than the package" in done.err) == (1, True)
    assert alias(own_delivered, "test") is None


def test_a_package_that_came_to_say_it_is_of_the_sample_is_refused(own_delivered: Repo) -> None:
    rewrite(own_delivered.folder / bundle.PACKAGE / bundle.RECORD, version=None)
    done = own_delivered.run("release", "test")

    assert (done.code, "changed since it was made: package.json" in done.err) == (1, True)


def test_a_registry_that_is_away_changes_nothing(
    own_delivered: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")

    assert own_delivered.run("release", "test").code == 3


def test_an_unknown_environment_is_wrong_use(own_delivered: Repo) -> None:
    assert own_delivered.run("release", "prod").code == 2


@pytest.mark.parametrize(
    ("environment", "autonomy", "following"),
    [
        ("test", "propose", "staging"),
        ("staging", "propose", "production"),
        ("staging", "act", "production-automatic"),
        ("production", "act", ""),
    ],
)
def test_production_waits_for_a_person_unless_the_contract_acts(
    own_repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    autonomy: str,
    following: str,
) -> None:
    own_repo.change(paths.CONTRACT, "rollout", to={"autonomy": autonomy})
    monkeypatch.chdir(own_repo.folder)

    assert environments.after(environment, config.load_contract()) == following


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Answer as GitHub does about an environment; the list holds the answer, then the request."""
    told: list[Any] = [ASKS]

    class Api(StandIn):
        def respond(self) -> None:
            told.append((self.path, self.headers["Authorization"]))
            self.answer(json.dumps(told[0]).encode())

    with standing_in(Api) as server:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_REPOSITORY", "team/flights")
        monkeypatch.setenv("GITHUB_TOKEN", "secret")
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        yield told


def test_production_asks_github_who_approves(
    repo: Repo, github: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    environments.require_approval("production", config.load_contract())

    assert github[1] == ("/repos/team/flights/environments/production", "Bearer secret")


@pytest.mark.parametrize("rules", [[], [{"type": "wait_timer"}]])
def test_production_that_asks_nobody_is_refused(
    repo: Repo, github: list[Any], monkeypatch: pytest.MonkeyPatch, rules: list[Any]
) -> None:
    monkeypatch.chdir(repo.folder)
    github[0] = {"protection_rules": rules}
    with pytest.raises(errors.Refused, match="no required reviewers"):
        environments.require_approval("production", config.load_contract())


def test_github_that_does_not_answer_is_an_outside_failure(
    repo: Repo, github: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    with pytest.raises(errors.OutsideFailed, match="does not say who approves"):
        environments.require_approval("production", config.load_contract())


@pytest.mark.parametrize("environment", ["test", "staging"])
def test_other_environments_ask_nobody(
    repo: Repo, github: list[Any], monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.chdir(repo.folder)
    environments.require_approval(environment, config.load_contract())

    assert github == [ASKS]


def test_a_package_or_a_bill_that_is_not_as_it_was_made_is_not_released(
    own_delivered: Repo,
) -> None:
    own_delivered.must("bom")
    own_delivered.must("release", "test")
    bill = own_delivered.folder / bills.BILLS / "ml-bom.json"
    told, model = (
        bill.read_text(encoding="utf-8"),
        own_delivered.read(bundle.PACKAGE / bundle.RECORD)["model_sha256"],
    )
    bill.write_text(told.replace(model, "0" * 64), encoding="utf-8")
    other_bill = own_delivered.run("release", "staging")
    bill.unlink()
    (own_delivered.folder / bundle.PACKAGE / bundle.LOCKED).write_text("pandas==2.0.0\n")
    other_file = own_delivered.run("release", "staging")

    assert (other_bill.code, "ml-bom.json does not fit the package" in other_bill.err) == (1, True)
    assert (other_file.code, f"it was made: {bundle.LOCKED}" in other_file.err) == (1, True)
    assert alias(own_delivered, "staging") is None
