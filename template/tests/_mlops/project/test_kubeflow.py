# The template's. Tests of pipelines of yours stand beside this folder.
"""The pipeline has every stage of dvc.yaml, a step ends as its verb does, and a no is an answer."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

REPO = Path(__file__).parents[3]
FILE = Path("ops/kubeflow/compile.py")
WORDS = ["uv", "run", "just", "--justfile", "justfile", "gate"]


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module that makes the pipeline: it belongs to no package."""
    monkeypatch.syspath_prepend(str(REPO / FILE.parent))
    spec = importlib.util.spec_from_file_location("kubeflow_pipeline", REPO / FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a dvc.yaml, and a `uv` that ends with the code in its file."""
    (tmp_path / "dvc.yaml").touch()
    program = tmp_path / "bin/uv"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nread code < code\nexit "$code"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path


def told(*words: str) -> str:
    """Run the script where there is no kfp; return the one line that it says."""
    done = subprocess.run(
        [sys.executable, str(REPO / FILE), *words], cwd=REPO, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_its_graph_has_every_stage_of_this_repo(adapter: ModuleType) -> None:
    stages = list(yaml.safe_load((REPO / "dvc.yaml").read_text())["stages"])
    names = [task.name for task in adapter.graph.tasks(REPO)]

    assert set(names[: len(stages)]) == set(stages)
    assert names[len(stages) : len(stages) + 2] == ["register", "gate"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--image", "late:latest"], "--image is 'late:latest'; expected a tag"),
        (["--image", "late"], "--image is 'late'; expected a tag"),
        (["--claim", "late"], "--image is missing; expected a tag"),
        (["--image", "late:1", "--claim", "Two words"], "--claim is 'Two words'; expected a-z"),
        (["--cluster"], "unrecognized arguments: --cluster; --help lists the options"),
        (["--image", "late:1"], "kfp is not installed"),
    ],
)
def test_what_is_wrong_is_one_line(words: list[str], found: str) -> None:
    assert found in told(*words)


@pytest.mark.parametrize(("code", "verdict"), [(0, "yes"), (1, "no")])
def test_a_verb_that_judges_says_yes_or_no(
    adapter: ModuleType, checkout: Path, code: int, verdict: str
) -> None:
    (checkout / "code").write_text(f"{code}\n")

    assert adapter.run_verb(WORDS, str(checkout), True) == verdict


@pytest.mark.parametrize(("code", "judges"), [(1, False), (2, True), (3, True)])
def test_any_other_end_of_a_verb_fails_its_step(
    adapter: ModuleType, checkout: Path, code: int, judges: bool
) -> None:
    (checkout / "code").write_text(f"{code}\n")

    with pytest.raises(SystemExit, match=f"error: gate ended with exit code {code}"):
        adapter.run_verb(WORDS, str(checkout), judges)


def test_a_volume_without_the_checkout_and_an_image_without_uv_are_told(
    adapter: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="holds no checkout of the repo"):
        adapter.run_verb(WORDS, str(checkout / "bin"), True)
    monkeypatch.setenv("PATH", str(checkout))
    with pytest.raises(SystemExit, match="uv is not on the PATH of this image: https://"):
        adapter.run_verb(WORDS, str(checkout), True)
