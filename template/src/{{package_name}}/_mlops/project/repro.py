# The template's. The stages are yours: dvc.yaml.
"""Run the stages of dvc.yaml whose inputs changed."""

import logging
import os
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from .. import PACKAGE, errors, paths, programs
from ..config import load_params
from ..data import own_modules
from ..data.batch_files import batches
from ..data.sharing import NO_POINTER
from ..errors import OutsideFailed, WrongInput
from ..files import one_writer
from .stages_here import stages_here

SHOWN = (paths.METRICS, paths.CONTRACT, paths.CARD, paths.DRIFT)  # on the page of the model


@click.command()
@click.argument("stages", nargs=-1)
@click.option("-f", "--force", is_flag=True, help="Run each stage, whatever has changed.")
@click.option("--here", is_flag=True, help="Run stages in this process: each spares imports.")
def command(stages: tuple[str, ...], force: bool, here: bool) -> None:
    """Bring data, features, model and reports up to date; each stage that runs says one line.

    With STAGES only these, without those before them. A stage that fails says why, and its exit
    code is the exit code here.
    """
    load_params()  # of its mistakes, DVC names no line
    batches(paths.RAW)  # without data, DVC says nothing of where to get it
    with one_writer(paths.DATA_LOCK), stages_here() if here else nullcontext():
        reproduce(stages, force)
    if paths.METRICS.is_file() and outdated(paths.REPORT_PAGE):  # also by what DVC brought back
        from ..training import report_page  # it takes as long as to see that nothing is to do

        report_page.write()


def outdated(page: Path) -> bool:
    """Say whether the page is missing, or older than anything that it shows or links."""
    pages = (path for path in paths.REPORTS.glob("*.html") if path != page)
    shown = (*SHOWN, *paths.CANDIDATE.glob("*.json"), *pages)
    written = [path.stat().st_mtime for path in (page, *shown) if path.is_file()]
    return not page.is_file() or written[0] < max(written)


def reproduce(stages: Sequence[str], force: bool) -> None:
    """Let DVC run stages, while nobody else does or takes in data.

    Each stage notes data/raw as it is when the stage ends: what came in meanwhile would count as
    learned from.
    """
    from dvc.exceptions import DvcException
    from dvc.lock import LockError
    from dvc.repo import Repo
    from dvc.utils.serialize import ParseError
    from dvc.utils.strictyaml import YAMLValidationError

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    programs.mend_dvc()
    try:
        with Repo() as repo:
            if stages:  # to look for none reads dvc.yaml once more
                require(stages, repo)
            warn_of_unlisted(repo)
            done = repo.reproduce(
                targets=list(stages) or None, single_item=bool(stages), force=force
            )
        if not done:
            click.echo("repro: nothing changed since the last run", err=True)
    except DvcException as error:
        if isinstance(error.__cause__, LockError):
            blocked = str(error.__cause__).split("\n\n")[0]
            raise OutsideFailed(" ".join(blocked.split()), "wait for it to end") from error
        cause = errors.first_cause(error)
        if failed := re.search(r"exited with (\d+)$", cause):
            sys.exit(int(failed[1]))
        written = isinstance(error, ParseError | YAMLValidationError)
        problem = WrongInput if written else OutsideFailed
        raise problem(f"{error}: {cause}", "uv run --frozen python -m dvc status") from error
    except NO_POINTER as error:  # its own files hold something else than it expects
        message = f"DVC cannot read its files: {errors.first_cause(error)}"
        hint = "git diff HEAD -- .dvc/config dvc.yaml dvc.lock shows what was changed"
        raise OutsideFailed(message, hint) from error


def warn_of_unlisted(repo: Any) -> None:
    """Name the stages that do not run again after a change of a module that they stand on."""
    package = Path("src", *PACKAGE.split("."))
    missing: dict[Path, list[str]] = {}
    for stage in repo.index.stages:
        listed = [
            Path(os.path.relpath(dep.fs_path)) for dep in stage.deps if dep.protocol == "local"
        ]
        for path in own_modules.unlisted(listed, package):
            missing.setdefault(path, []).append(stage.addressing)
    for path, names in missing.items():
        stages = f"{'stage' if len(names) == 1 else 'stages'} {', '.join(names)}"
        said = f"warning: {path} is imported by {stages} of dvc.yaml, and no dependency there"
        click.echo(f"{said}; add it to deps", err=True)


def require(stages: Sequence[str], repo: Any) -> None:
    """Raise `WrongInput` for a stage that is not in dvc.yaml; `foreach` makes train@a of train."""
    made = {stage.name for stage in repo.index.stages if hasattr(stage, "name")}
    known = made | {name.partition("@")[0] for name in made}
    for name in stages:
        if name not in known:
            raise WrongInput(f"dvc.yaml has no stage {name!r}", errors.did_you_mean(name, known))
