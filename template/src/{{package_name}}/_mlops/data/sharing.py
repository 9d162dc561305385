# The template's. Where data and models go is yours, in .dvc/config.
"""Put folders under DVC, in the process that asks for it."""

import logging
from pathlib import Path

from .. import programs
from ..errors import OutsideFailed, first_cause
from ..files import sweep


def share(folder: Path) -> None:
    """Put a folder of models under DVC, so that `dvc push` takes the bytes and git the pointer.

    In this process: `dvc add` would first import all that DVC can do.

    Raises:
        OutsideFailed: With what DVC says.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    sweep(folder)
    programs.mend_dvc()
    logging.getLogger("dvc").setLevel(logging.CRITICAL)  # and no bar of progress
    try:
        with Repo() as repo:
            repo.add(str(folder))
    except (DvcException, OSError) as error:
        raise OutsideFailed(f"DVC cannot add {folder}: {first_cause(error)}") from error
