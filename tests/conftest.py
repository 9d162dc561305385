"""The template as it stands, and repos generated from it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from first_run import FirstRun, FirstRuns
from osv import running_osv
from rendering import LEVELS, TASKS, once, render, snapshot

EVERY_REPO = [
    pytest.param((level, task), id=f"level-{level}-{task}") for level in LEVELS for task in TASKS
]

# Repos that tests share, in the order in which they begin: what takes minutes first, for the
# workers to end together. A worker takes up its next two tests early, so a test of minutes that
# stands alone has a group of many behind it. All but the tests of adopting wait for the first demo.
GROUPS = [
    TASKS[0],
    "test_adopt",
    "test_e2e_delivery",
    TASKS[1],
    "test_e2e_pipeline",
    "test_e2e_rollout",
    "own tests",
    "own tests of data and monitoring",
    "own tests of delivery",
    "own tests of serving",
    "own tests of starting",
    "test_e2e_server",
    "test_e2e_integrity",
    "test_e2e_schemas",
    "test_e2e_graph",
    "test_e2e_hosted",
    "test_crashes",
    "test_odd_files",
    "test_e2e_drift",
    "test_e2e_workshop",
    "test_e2e_airflow",
    "test_e2e_kubeflow",
    "test_e2e_ray",
    "test_e2e_container",
    "test_e2e_kubernetes",
    "test_e2e_families",
    "test_many",
    "test_stability",
    "",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-golden",
        action="store_true",
        help="write tests/golden/ from what is rendered now",
    )


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker what shares a generated repo; begin with what takes minutes."""
    for item in items:
        if group := group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=turn)


def group_of(item: pytest.Item) -> str:
    """Return the name of the repo that a test shares with others, nothing when it has its own."""
    given = getattr(item, "callspec", None)
    params = given.params if given else {}
    name: str = params.get("own_tests") or params.get("first_run") or item.path.stem
    return name if name in GROUPS else ""


def turn(item: pytest.Item) -> int:
    """Return when a test begins."""
    return GROUPS.index(group_of(item)) if item.get_closest_marker("e2e") else len(GROUPS)


@pytest.fixture(scope="session", autouse=True)
def git_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give git an identity, whatever this machine has configured."""
    config = tmp_path_factory.mktemp("git") / "config"
    config.write_text(
        "[user]\n    name = Template Maintainer\n    email = maintainer@example.org\n"
        "[init]\n    defaultBranch = main\n[commit]\n    gpgSign = false\n"
        "[maintenance]\n    auto = false\n[gc]\n    auto = 0\n"
        # what a test commits need not outlive a power cut
        "[core]\n    fsync = none\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL", "DIR"):
            patch.delenv(f"GIT_{name}", raising=False)
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        # A person's own copier settings may trust templates and change defaults.
        settings = config.with_name("settings.yml")
        settings.write_text("{}\n", encoding="utf-8")
        patch.setenv("COPIER_SETTINGS_PATH", str(settings))
        patch.delenv("VIRTUAL_ENV", raising=False)
        # For each file of a render it asks git whether modes count: here they do, always.
        patch.setattr("copier._main.Worker._sync_git_index_executable_bit", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the workers of this run keep what all of them need."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """Return a clean clone of the template, with what is not committed yet; read it only."""
    return once(shared / "template", snapshot)


@pytest.fixture(scope="session")
def repos(template: Path, shared: Path) -> Callable[[int, str], Path]:
    """Return a function that generates a repo once per level and task; read it only."""

    def repo_at(level: int, task: str) -> Path:
        folder = shared / f"level-{level}-{task}" / "late-flights"
        return once(folder, partial(render, template, maturity_level=level, task=task))

    return repo_at


@pytest.fixture(scope="session")
def on_gitlab(plain: Path, shared: Path) -> Callable[[int], Path]:
    """Return a function that generates a repo for GitLab once per level; read it only."""

    def repo_at(level: int) -> Path:
        made = partial(render, plain, maturity_level=level, ci="gitlab")
        return once(shared / f"gitlab-{level}" / "late-flights", made)

    return repo_at


@pytest.fixture(params=EVERY_REPO)
def repo(request: pytest.FixtureRequest, repos: Callable[[int, str], Path]) -> Path:
    """Return each generated repo in turn: every level, every task; read it only."""
    return repos(*request.param)


@pytest.fixture(scope="session")
def plain(template: Path, shared: Path) -> Path:
    """Return the template without its history: of a repo, Copier makes a clone for each render."""
    without = shutil.ignore_patterns(".git")
    return once(shared / "plain", lambda to: shutil.copytree(template, to, ignore=without))


@pytest.fixture
def generate(plain: Path, shared: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that generates a repo of the test's own with the given answers.

    What several tests ask for is rendered once, and copied.
    """

    def generated(**answers: Any) -> Path:
        named = hashlib.sha256(repr(sorted(answers.items())).encode()).hexdigest()[:16]
        made = once(shared / "generated" / named / "repo", partial(render, plain, **answers))
        return Path(shutil.copytree(made, tmp_path / "repo", symlinks=True))

    return generated


@pytest.fixture(scope="session")
def osv() -> Iterator[str]:
    """Return the address of a service that knows no flaw of any package."""
    with running_osv() as address:
        yield address


@pytest.fixture(scope="session")
def first_runs(template: Path, shared: Path) -> FirstRuns:
    """Return a function that gives the repo of a task after its demo; read it only."""
    return FirstRuns(template, shared / "first-runs")


@pytest.fixture(scope="session", params=TASKS)
def first_run(request: pytest.FixtureRequest, first_runs: FirstRuns) -> FirstRun:
    """Return a repo of each task after its demo, the one in which the demo ran."""
    return first_runs(request.param, "before")
