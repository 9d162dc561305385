# The template's. Stages are yours, in dvc.yaml: what you add there is a task from then on.
"""Which tasks a run has, and which waits for which: dvc.yaml and the verbs after it, as they are.

Nothing here needs what runs them, nor a package of the repo.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

TASK_NAME = re.compile(r"[\w.-]{1,250}")  # what an orchestrator takes
TEMPLATE = re.compile(r"\$\{[^}]*\}")  # DVC fills it in: any word may stand there
MADE = ("outs", "metrics", "plots")
GLUE = "src/*/_mlops/"
# after the stages; what is not there, the repo's level does not have
JUDGE = (("register",), ("gate",))
DEPLOY = (("deploy",),)
DELIVER = (("package",), ("accept",), ("release", "test"), ("release", "staging"))
PRODUCTION = ("release", "production")

DONE, NO, WRONG, OUTSIDE = 0, 1, 2, 3  # exit codes of every command of the repo
FINAL = (WRONG, 4, 126, 127)  # the same again would end the same way


class Unusable(ValueError):
    """What makes a run impossible, in one line."""


@dataclass(frozen=True)
class Task:
    """One recipe of the justfile, with what it is given.

    Args:
        name: Of the task.
        recipe: The recipe and its arguments.
        after: The names of those that have to be done first.
    """

    name: str
    recipe: tuple[str, ...]
    after: tuple[str, ...]


def find_repo(file: Path) -> Path:
    """Return the repo that holds a file of ops; links are followed."""
    real = file.resolve()
    for folder in real.parents:
        if folder.name == "ops" and (folder.parent / "dvc.yaml").is_file():
            return folder.parent
    raise Unusable(f"{real} is not in ops of a repo with a dvc.yaml: leave it there, copy no file")


def project(repo: Path) -> str:
    """Return the name under which the repo is installed."""
    path = repo / "pyproject.toml"
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} names no project: {error}") from None


def tasks(repo: Path) -> list[Task]:
    """Return every task of a run, each after those that it waits for.

    Raises:
        Unusable: If dvc.yaml or contract.yaml cannot be read, or names what cannot be a task.
    """
    stages = read_stages(repo)
    waits = waiting(stages)
    try:
        order = list(TopologicalSorter(waits).static_order())
    except CycleError as error:
        raise Unusable(
            f"stages of dvc.yaml wait in a circle: {' > '.join(error.args[1])}"
        ) from None
    found = [Task(name, ("repro", name), tuple(sorted(waits[name]))) for name in order]
    waited_for = {name for names in waits.values() for name in names}
    last = tuple(sorted(stages.keys() - waited_for))
    for recipe in verbs(repo):
        name = "_".join(recipe)
        if name in stages:
            raise Unusable(
                f"dvc.yaml has a stage {name!r}, but so is called what follows the stages"
            )
        found.append(Task(name, recipe, last))
        last = (name,)
    return found


def read_stages(repo: Path) -> dict[str, dict[str, Any]]:
    """Return the stages of dvc.yaml; of `foreach` and `matrix` all together are one."""
    stages = read(repo / "dvc.yaml").get("stages")
    if not isinstance(stages, dict) or not stages:
        raise Unusable("dvc.yaml names no stages")
    for name, stage in stages.items():
        if not TASK_NAME.fullmatch(str(name)):
            allowed = "expected letters, digits, `_`, `-` and `.`, at most 250"
            raise Unusable(f"stage {name!r} of dvc.yaml cannot be a task: {allowed}")
        if not isinstance(stage, dict) or not isinstance(stage.get("do", stage), dict):
            raise Unusable(f"stage {name!r} of dvc.yaml is no mapping")
    found = {str(name): stage.get("do", stage) for name, stage in stages.items()}
    for name, stage in found.items():
        for key in ("deps", *MADE):
            if not isinstance(stage.get(key) or [], list):
                raise Unusable(f"{key} of stage {name!r} of dvc.yaml is no list")
    return found


def read(path: Path) -> dict[str, Any]:
    """Return what a YAML file of the repo holds."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise Unusable(f"{path.name} cannot be read: {said}") from None
    if not isinstance(content, dict):
        raise Unusable(f"{path.name} is no mapping")
    return content


def waiting(stages: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return of each stage those whose outputs it reads."""
    made = {
        name: [path for key in MADE for path in paths(stage, key)] for name, stage in stages.items()
    }
    return {
        name: {
            other
            for other, outs in made.items()
            if other != name and any(meet(dep, out) for dep in paths(stage, "deps") for out in outs)
        }
        for name, stage in stages.items()
    }


def paths(stage: Mapping[str, Any], key: str) -> list[tuple[str, ...]]:
    """Return the paths of one key of a stage, in parts, as fnmatch reads them."""
    listed = stage.get(key) or []
    names = [name for one in listed for name in (one if isinstance(one, dict) else [one])]
    folder = str(stage.get("wdir") or ".")
    joined = [TEMPLATE.sub("*", os.path.normpath(f"{folder}/{name}")) for name in names]
    return [tuple(path.split("/")) for path in joined]


def meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether two paths are the same, or one of them is inside the other."""
    pairs = zip(one, other, strict=False)
    return all(fnmatchcase(a, b) or fnmatchcase(b, a) for a, b in pairs)


def verbs(repo: Path) -> list[tuple[str, ...]]:
    """Return what follows the stages: at level 1 `deploy`, at level 2 the way to production."""
    if not list(repo.glob(f"{GLUE}delivery/release.py")):
        return [*JUDGE, *DEPLOY]
    rollout = read(repo / "contract.yaml").get("rollout") or {}
    acts = isinstance(rollout, dict) and rollout.get("autonomy") == "act"
    return [*JUDGE, *DELIVER, *([PRODUCTION] if acts else [])]


def command(uv: str, repo: Path, recipe: Sequence[str]) -> list[str]:
    """Return how a recipe is run in the repo's own environment, from wherever."""
    run = [uv, "run", "--frozen", "--project", str(repo), "just"]
    return [*run, "--justfile", str(repo / "justfile"), *recipe]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a worker without those that lead to another environment."""
    leading = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT"}
    return {name: value for name, value in given.items() if name not in leading}


def reason(lines: Sequence[str]) -> str:
    """Return the line in which a verb says why it ended so: not what `just` adds, nor a hint."""
    others = re.compile(r"\s*$|hint:|error: recipe ", re.IGNORECASE)
    said = [line for line in lines if not others.match(line)]
    errors = [line for line in said if line.startswith("error: ")]
    return (errors or said or ["nothing was said"])[-1].removeprefix("error: ").strip()


def data_version(repo: Path) -> str:
    """Return which data data/raw.dvc names.

    Raises:
        Unusable: If it names none.
    """
    outs = read(repo / "data/raw.dvc").get("outs")
    known = isinstance(outs, list) and outs and isinstance(outs[0], dict) and outs[0].get("md5")
    if not known:
        raise Unusable("data/raw.dvc names no data: uv run just set-up makes it")
    return str(known)
