# The template's. Where data and models go is yours, in .dvc/config.
"""Put folders under DVC, and compare them with it, in the process that asks for it."""

import logging
from pathlib import Path

from .. import programs
from ..errors import OutsideFailed, first_cause
from ..files import one_at_a_time, sweep

NO_POINTER = (KeyError, TypeError, AttributeError, AssertionError)  # what DVC says of other lines
LOCK = Path(".dvc/tmp/look-lock")  # who asks DVC what has changed


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
    except (DvcException, OSError, *NO_POINTER) as error:
        raise OutsideFailed(f"DVC cannot add {folder}: {first_cause(error)}") from error


def moved(pointer: Path) -> bool:
    """Say whether the bytes of a folder are unlike those that its DVC pointer names.

    Whether DVC's cache has them too, which `dvc status` asks first, is another question.

    Raises:
        OutsideFailed: If DVC cannot say.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    programs.mend_dvc()
    try:
        if b"outs:" not in pointer.read_bytes():  # DVC takes it for one that names nothing
            raise KeyError("outs")
        # DVC gives up soon when several look at once
        with one_at_a_time(LOCK), Repo() as repo, repo.lock:
            outs = [out for stage in repo.stage.collect(str(pointer)) for out in stage.outs]
            return any(out.workspace_status() for out in outs)
    except (DvcException, *NO_POINTER) as error:
        raise OutsideFailed(f"DVC cannot look at {pointer}: {first_cause(error)}") from error
