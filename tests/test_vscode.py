"""The extra for an editor names what the repo has: its Python, tests, recipes and ports."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def repo(generate: Callable[..., Path]) -> Path:
    """Return a repo with the extra, whose name needs care in JSON."""
    return generate(extras=["vscode"], project_name='Late "flights" of Orly')


def read(path: Path) -> Any:
    """Return what a file says: JSON, with comments that fill a line."""
    return json.loads(re.sub(r"(?m)^ *//.*$", "", path.read_text(encoding="utf-8")))


def test_the_editor_uses_the_python_and_the_tests_of_the_repo(repo: Path) -> None:
    settings = read(repo / ".vscode/settings.json")

    # where uv makes it
    assert settings["python.defaultInterpreterPath"] == "${workspaceFolder}/.venv/bin/python"
    assert all((repo / folder).is_dir() for folder in settings["python.testing.pytestArgs"])
    assert settings["[python]"]["editor.defaultFormatter"] in recommended(repo)


def recommended(repo: Path) -> list[str]:
    """Return the extensions that the editor offers."""
    found: list[str] = read(repo / ".vscode/extensions.json")["recommendations"]
    return found


def test_each_task_is_a_recipe(repo: Path) -> None:
    tasks = read(repo / ".vscode/tasks.json")["tasks"]
    recipes = re.findall(
        r"^([a-z-]+)[^:=\n]*:(?!=)", (repo / "just/core.just").read_text(encoding="utf-8"), re.M
    )

    assert {"check", "test", "serve"} <= set(recipes)
    for task in tasks:
        assert task["command"] == f"uv run just {task['label']}"
        assert task["label"] in recipes


def test_the_container_passes_on_the_ports_of_service_and_runs(repo: Path) -> None:
    container = read(repo / ".devcontainer/devcontainer.json")
    serve = next(repo.glob("src/*/_mlops/serving/serve.py")).read_text(encoding="utf-8")
    runs = (repo / "just/core.just").read_text(encoding="utf-8")

    assert container["name"] == 'Late "flights" of Orly'
    assert container["forwardPorts"] == [3000, 5000]
    assert '"--port", default=3000' in serve
    assert "http://127.0.0.1:5000/" in runs
    assert container["postCreateCommand"].endswith("uv sync && uv run just set-up")
    extensions = container["customizations"]["vscode"]["extensions"]
    assert set(extensions) <= set(recommended(repo))


def test_the_image_has_a_python_that_the_repo_allows(repo: Path) -> None:
    image = read(repo / ".devcontainer/devcontainer.json")["image"]
    (allowed,) = re.findall(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (repo / "pyproject.toml").read_text("utf-8")
    )
    (minor,) = re.findall(r"python:3\.(\d+)-", image)

    assert int(allowed[0]) <= int(minor) < int(allowed[1])
