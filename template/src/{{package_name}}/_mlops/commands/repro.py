# The template's. The stages are yours: dvc.yaml.
"""Run the stages of dvc.yaml whose inputs changed."""

import logging
import re
import sys

import click

from .. import paths, tables, tracking
from ..errors import OutsideFailed


@click.command()
def command() -> None:
    """Bring data, features, model and reports up to date; each stage that runs says one line.

    A stage that fails says why, and its exit code is the exit code here.
    """
    tables.batches(paths.RAW)  # without data, DVC says nothing of where to get it
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    try:
        with Repo() as repo:
            repo.reproduce()
    except DvcException as error:
        cause = tracking.first_cause(error)
        if failed := re.search(r"exited with (\d+)$", cause):
            sys.exit(int(failed[1]))
        raise OutsideFailed(f"{error}: {cause}", "uv run --frozen python -m dvc status") from error
