# The template's. Where data and models go is yours, in .dvc/config.
"""Put folders under DVC, and compare them with it, in the process that asks for it."""

import hashlib
import logging
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .. import programs
from ..errors import OutsideFailed, WrongInput, first_cause
from ..files import one_at_a_time, read_json, sweep

NO_POINTER = (KeyError, TypeError, AttributeError, AssertionError)  # what DVC says of other lines
CACHE = Path(".dvc/cache/files/md5")
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


def damaged(pointer: Path) -> list[Path]:
    """Name the files of which the bytes are not those that the DVC pointer of their folder names.

    DVC trusts what its cache gives back, and a file whose size and time it has seen before.
    """
    try:
        named = YAML(typ="safe", pure=True).load(pointer)["outs"][0]
        if named.get("hash") != "md5":  # an older DVC hashed texts without their line endings
            return []
        name = named["md5"]
        known = {one["relpath"]: one["md5"] for one in read_json(CACHE / name[:2] / name[2:])}
    except (WrongInput, YAMLError, OSError, LookupError, TypeError, AttributeError):
        return []  # nothing says what they should be
    files = {pointer.with_suffix("") / path: md5 for path, md5 in known.items()}
    return [path for path, md5 in sorted(files.items()) if path.is_file() and md5_of(path) != md5]


def md5_of(path: Path) -> str:
    """Return the hash by which DVC knows a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
