# The template's. Yours are the pods in which it runs, by overlays of yours.
"""A pod serves the model that was meant, byte by byte, or does not start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..fixtures import Repo
from ..package import artifact, paths, place_champion


def placed(repo: Repo, target: Path, expected: str) -> subprocess.CompletedProcess[str]:
    """Run it as a pod does: a process, two folders and the hash."""
    command = [sys.executable, "-m", place_champion.__name__, str(paths.CHAMPION), str(target)]
    given = {**os.environ, "MODEL_SHA256": expected}
    return subprocess.run(command, cwd=repo.folder, env=given, capture_output=True, text=True)


@pytest.fixture
def digest(own_repo: Repo) -> str:
    """Return the hash of the champion."""
    return str(own_repo.read(paths.CHAMPION / artifact.POINTER)["model_sha256"])


def test_the_champion_is_copied_and_its_hashes_are_compared(
    own_repo: Repo, digest: str, tmp_path: Path
) -> None:
    done = placed(own_repo, tmp_path / "served", digest)

    assert (done.returncode, done.stderr) == (0, "champion: version 1, its hashes are right\n")
    assert artifact.read_manifest(tmp_path / "served" / digest)["model_sha256"] == digest


def test_another_model_than_the_one_meant_ends_the_pod(own_repo: Repo, tmp_path: Path) -> None:
    done = placed(own_repo, tmp_path / "served", "0" * 64)

    assert done.returncode == 1
    assert done.stderr.startswith("error: the image holds model ")
    assert not (tmp_path / "served").exists()


def test_changed_bytes_end_the_pod(own_repo: Repo, digest: str, tmp_path: Path) -> None:
    model = own_repo.folder / paths.CHAMPION / digest / artifact.MODEL
    content = model.read_bytes()
    model.unlink()  # other names of these bytes stay
    model.write_bytes(content + b"!")

    done = placed(own_repo, tmp_path / "served", digest)

    assert done.returncode == 1
    assert "SHA-256" in done.stderr


def test_without_a_champion_the_pod_ends(own_repo: Repo, digest: str, tmp_path: Path) -> None:
    shutil.rmtree(own_repo.folder / paths.CHAMPION)

    assert placed(own_repo, tmp_path / "served", digest).returncode == 2
