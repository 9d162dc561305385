# The template's. Fixtures of yours go into tests/conftest.py.
"""What delivery needs: a package made once, free ports, and programs a machine may not have."""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ..conftest import rivals  # noqa: F401 - a fixture, for here too
from ..fixtures import ROOT, Repo
from ..package import bundle, local_service, paths, ports


@pytest.fixture(autouse=True)
def ports_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the ports of this machine's own stack."""
    for name in ports.DEFAULTS:
        monkeypatch.delenv(name, raising=False)


# where every write fails for lack of space; Linux alone has it
FULL = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason=f"there is no {FULL}")


def free_ports() -> dict[str, str]:
    """Return a free port for each name; they differ."""
    return dict(
        zip(ports.DEFAULTS, map(str, local_service.free_ports(len(ports.DEFAULTS))), strict=True)
    )


def needs(program: str) -> pytest.MarkDecorator:
    """Skip tests where a program is not installed, but not in CI: there they fail."""
    missing = not os.environ.get("CI") and not shutil.which(program)
    return pytest.mark.skipif(missing, reason=f"{program} is not installed")


# what the Bento asks for: installed as locked, or for another system
LOCKED = ("bentoml", "pandas", "scikit-learn")
ELSEWHERE = 'pywin32==1 ; sys_platform == "win32"'


def prepare(repo: Repo) -> Repo:
    """Give a repo what `package` needs beside the champion."""
    shutil.copy(ROOT / "bentofile.yaml", repo.folder)
    lines = [f"{name}=={version(name)} \\\n    --hash=sha256:{'0' * 64}" for name in LOCKED]
    requirements = repo.folder / bundle.REQUIREMENTS
    requirements.parent.mkdir(exist_ok=True)
    requirements.write_text("\n".join(["# locked", *lines, ELSEWHERE]) + "\n", encoding="utf-8")
    repo.change(paths.CONTRACT, "service", "latency_p95_ms", to=60_000)
    repo.change(paths.CONTRACT, "delivery", to={"throughput_rps": 0.1, "load_seconds": 4})
    metric = YAML().load(repo.folder / paths.CONTRACT)["quality"]["metric"]
    found = repo.read(paths.METRICS)["metrics"][metric]  # on the sample, for which no bar is meant
    for bar in ("accept", "retrain", "withdraw"):
        repo.change(paths.CONTRACT, "quality", bar, to=found)
    return repo


@pytest.fixture(scope="session")
def package(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a repo whose champion, version 1, is packaged, with its bills; read only."""
    folder = tmp_path_factory.mktemp("package") / "repo"
    made = prepare(repo.copy(folder))
    made.must("package")
    made.must("bom")
    return made


@pytest.fixture
def own_package(package: Repo, tmp_path: Path) -> Repo:
    """Return a copy of `package`, free to change."""
    return package.copy(tmp_path / "own-package")
