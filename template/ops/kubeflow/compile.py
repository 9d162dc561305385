# The template's. Stages are yours, in dvc.yaml: what you add there is a step when this runs again.
# /// script
# requires-python = ">=3.11"
# dependencies = ["kfp==2.17.3", "kfp-kubernetes==2.17.3", "pyyaml>=6.0.2,<7"]
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Write the repo's pipeline for Kubeflow Pipelines, or run it here by its local runner.

KFP has an environment of its own, which uv makes from the lines above: uv run just kubeflow.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import graph

TARGET = Path("build/kubeflow/pipeline.yaml")
MOUNT = Path("/repo")  # where each pod finds the checkout
IMAGE = re.compile(r"[a-z0-9][\w./:-]*?(:(?P<tag>[\w][\w.-]{0,127}))?(@sha256:[0-9a-f]{64})?")
CLAIM = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
FIRST_JUDGE = "gate"  # from here on a no is an answer


class Arguments(argparse.ArgumentParser):
    """Says in one line what is wrong with a command line."""

    def error(self, message: str) -> NoReturn:
        """Say it, and end."""
        raise graph.Unusable(f"{message}; --help lists the options")


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    try:
        asked = parsed(words)
        repo = graph.find_repo(Path(__file__))
        tasks, name = graph.tasks(repo), graph.project(repo)
        if asked.here:
            return run_here(tasks, name, repo)
        image, claim = require_pinned(asked.image), require_claim(asked.claim or name)
        made = pipeline(tasks, name, MOUNT, image, claim)
        write(made, repo / TARGET)
    except graph.Unusable as error:
        print(f"error: {error}", file=sys.stderr)
        return graph.WRONG
    steps = f"{len(tasks)} steps of {image}, the checkout on claim {claim}"
    print(f"kubeflow: {TARGET}, {steps}", file=sys.stderr)
    return graph.DONE


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for."""
    about = "Write dvc.yaml and the verbs after it as a pipeline of Kubeflow."
    parser = Arguments(prog="just kubeflow", description=about)
    parser.add_argument("--image", help="of the steps, with tag or digest: Containerfile makes it")
    parser.add_argument("--claim", help="volume with the checkout; by default the repo's name")
    parser.add_argument("--here", action="store_true", help="run it here instead, no cluster")
    return parser.parse_args(words)


def require_pinned(image: str | None) -> str:
    """Return an image that names its content."""
    found = IMAGE.fullmatch(image or "")
    tag = found and found["tag"]
    if not found or not (tag or "@" in found[0]) or (tag == "latest" and "@" not in found[0]):
        came = repr(image) if image else "missing"
        example = "such as registry.example.com/late:1.4"
        raise graph.Unusable(
            f"--image is {came}; expected a tag other than latest, or a digest, {example}"
        )
    return found[0]


def require_claim(claim: str) -> str:
    """Return the name of a volume claim that a cluster takes."""
    if not CLAIM.fullmatch(claim):
        raise graph.Unusable(f"--claim is {claim!r}; expected a-z, 0-9 and -, at most 63")
    return claim


def run_verb(command: list, repo: str, judges: bool) -> str:  # type: ignore[type-arg] # as KFP asks
    """Run one recipe of the repo: `yes` when it is done, `no` where a verb may say so.

    KFP takes the text of this function into the pod: all it needs is in here.
    """
    import os
    import shutil
    import subprocess
    import sys

    name = " ".join(command[command.index("--justfile") + 2 :])
    if not shutil.which(command[0]):
        where = "https://docs.astral.sh/uv/getting-started/installation"
        sys.exit(f"error: uv is not on the PATH of this image: {where}")
    if not os.path.isfile(os.path.join(repo, "dvc.yaml")):
        sys.exit(f"error: {repo} holds no checkout of the repo: is it on the volume?")
    leading = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if key not in leading}
    done = subprocess.run(command, cwd=repo, env=kept, stdin=subprocess.DEVNULL)
    if done.returncode == 1 and judges:
        print(f"{name} says no: what follows is skipped", flush=True)
        return "no"
    if done.returncode:
        sys.exit(f"error: {name} ended with exit code {done.returncode}")
    return "yes"


def pipeline(
    tasks: Sequence[graph.Task], name: str, repo: Path, image: str, claim: str | None
) -> Any:
    """Return the pipeline: a step for each task, one after the other.

    From the gate on a step has the rest behind a condition: a no skips it, and is no failure.

    Args:
        tasks: In an order in which they can run.
        name: Of the repo.
        repo: Where a step finds the checkout.
        image: Of each step.
        claim: Of the volume that is mounted there, nothing for a folder that is there.

    Raises:
        Unusable: If KFP is not installed.
    """
    dsl, kubernetes = kfp("dsl"), kfp("kubernetes")
    first = next(n for n, task in enumerate(tasks) if task.name == FIRST_JUDGE)

    def step(task: graph.Task, before: Any, judges: bool) -> Any:
        component = dsl.component(base_image=image, install_kfp_package=False)(run_verb)
        component.component_spec.name = task.name
        words = graph.command("uv", repo, task.recipe)
        made = component(command=words, repo=str(repo), judges=judges)
        made.set_display_name(task.name)
        made.set_caching_options(False)  # DVC knows better than KFP whether inputs are the same
        if claim:  # here somebody waits for the answer
            made.set_retry(num_retries=2, backoff_duration="60s")
            kubernetes.mount_pvc(made, pvc_name=claim, mount_path=str(repo))
        return made.after(before) if before is not None else made

    def judged(rest: Sequence[graph.Task], before: Any) -> None:
        made = step(rest[0], before, True)
        if rest[1:]:
            with dsl.If(made.output == "yes", name=f"{rest[0].name} says yes"):
                judged(rest[1:], None)

    @dsl.pipeline(name=name, description="dvc.yaml, then register, gate, and deploy or release")
    def whole() -> None:
        before = None
        for task in tasks[:first]:  # DVC lets one process at a time write dvc.lock
            before = step(task, before, False)
        judged(tasks[first:], before)

    return whole


def kfp(module: str) -> Any:
    """Return a module of KFP."""
    import importlib

    try:
        return importlib.import_module(f"kfp.{module}")
    except ImportError as error:
        said = " ".join(str(error).split())
        raise graph.Unusable(
            f"kfp is not installed for {sys.executable} ({said}): uv run just kubeflow brings it"
        ) from None


def write(made: Any, target: Path) -> None:
    """Compile a pipeline, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.stem}.yaml")
    kfp("compiler").Compiler().compile(made, str(part))
    part.replace(target)


def run_here(tasks: Sequence[graph.Task], name: str, repo: Path) -> int:
    """Run the pipeline in this folder by KFP's local runner, without a cluster or an image."""
    local = kfp("local")
    made = pipeline(tasks, name, repo, "python:here", None)
    os.chdir(repo)
    runner = local.SubprocessRunner(use_venv=False)
    root = repo / "build/kubeflow/outputs"
    local.init(runner=runner, pipeline_root=str(root), raise_on_error=True)
    try:
        made()
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return graph.OUTSIDE
    return graph.DONE


if __name__ == "__main__":
    sys.exit(main())
