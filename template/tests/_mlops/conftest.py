# The template's. Fixtures of yours go into tests/conftest.py.
"""Repos with two versions, of which the first is champion, and the service on their champion."""

import json
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import httpx
import pandas as pd
import pytest

from .fixtures import Repo, another_model, rewrite
from .package import local_service, paths, versions


@pytest.fixture(scope="session")
def two_versions(
    repo: Repo, sample: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Repo:
    """Return a repo in which version 2 was trained on fewer rows; read only."""
    folder = tmp_path_factory.mktemp("two") / "repo"
    made = repo.copy(folder)
    fewer = sample.sample(frac=0.8, random_state=0).sort_index()
    fewer.to_parquet(made.folder / paths.RAW / paths.SAMPLE.name)
    for stage in ("validate", "featurize", "train", "evaluate"):
        made.must(stage)
    made.must("register", "--force", "it is a test")
    return made


@pytest.fixture
def own_two(two_versions: Repo, tmp_path: Path) -> Repo:
    """Return a copy of `two_versions`, free to change."""
    return two_versions.copy(tmp_path / "own-two")


@pytest.fixture(scope="session")
def rivals(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a repo with champion 1 and version 2, which predicts the same; read only.

    Its contract asks for no more than the sample's model can do.
    """
    folder = tmp_path_factory.mktemp("rivals") / "work"
    made = repo.copy(folder)
    another_model(made)
    report = made.read(paths.METRICS)
    rewrite(folder / paths.METRICS, baselines={}, slices=[])
    made.must("register")
    made.change(paths.CONTRACT, "quality", "accept", to=report["metrics"][report["metric"]])
    made.change(paths.CONTRACT, "quality", "minimal_change", to=0)
    made.change(paths.CONTRACT, "quality", "calibration", to=100)
    made.change(paths.CONTRACT, "service", "latency_p95_ms", to=60_000)
    made.change(paths.CONTRACT, "service", "memory_mb", to=100_000)
    return made


@pytest.fixture
def own_rivals(rivals: Repo, tmp_path: Path) -> Repo:
    """Return a copy of `rivals`, free to change."""
    return rivals.copy(tmp_path / "rivals")


def alias(repo: Repo, name: str) -> str | None:
    """Return the number of the version that an alias names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.folder)
        found = versions.by_alias(name)
    return found and found.number


def journal(repo: Repo) -> list[dict[str, object]]:
    """Return the lines of the journal."""
    lines = (repo.folder / paths.JOURNAL).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@contextmanager
def serving(repo: Repo, log: Path) -> Iterator[httpx.Client]:
    """Run the service on a repo's champion; give a client of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))
        patch.setenv("CHAMPION_POLL_SECONDS", "0.1")
        patch.setenv("PREDICTION_LOG", str(log))
        with (
            chdir(repo.folder),
            local_service.running_service("/livez") as address,
            httpx.Client(base_url=address, timeout=30) as client,
        ):
            yield client
