# The template's. What yours adds before a pod serves is a step in an overlay of yours.
"""Is the champion in this image the one that was meant? Then it is copied to where it is served."""

import os
import shutil
import sys
from pathlib import Path

from ... import features, schema
from ..errors import Problem, Refused
from ..tracking import artifact
from .champion import Champion

EXPECTED = "MODEL_SHA256"


def place(source: Path, target: Path, expected: str) -> str:
    """Copy a folder of champions, load what its pointer names from the copy; return its version.

    Raises:
        Refused: If it is another model than expected, or bytes or feature code are not its own.
        WrongInput: If there is none, or a file is missing or damaged.
    """
    pointer = artifact.read_pointer(source)
    if pointer["model_sha256"] != expected:
        found = pointer["model_sha256"]
        message = f"the image holds model {found[:12]}…, expected {expected[:12] or 'none'}…"
        raise Refused(message, "uv run just manifests --image IMAGE writes what the image holds")
    shutil.copytree(source / expected, target / expected, dirs_exist_ok=True)
    shutil.copyfile(source / artifact.POINTER, target / artifact.POINTER)
    os.environ["CHAMPION_DIR"] = str(target)
    champion = Champion(schema, features)
    champion.load_or_raise()
    return champion.version


def main() -> None:
    """Place it, in the words and with the exit codes of a command."""
    source, target = map(Path, sys.argv[1:3])
    try:
        version = place(source, target, os.environ.get(EXPECTED, ""))
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
    print(f"champion: version {version}, its hashes are right", file=sys.stderr)


if __name__ == "__main__":
    main()
