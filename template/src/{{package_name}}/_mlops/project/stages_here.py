# The template's. A stage of yours in dvc.yaml that is no command of this repo runs as ever.
"""Run the stages of dvc.yaml in the process that asks for them, as the demos do."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from .. import PACKAGE, cli

OURS = re.compile(rf"python -m {re.escape(PACKAGE)}((?: [\w./=-]+)+)")  # and no word of a shell's
BY_DVC = ("DVC_ROOT", "DVC_STAGE")


@contextmanager
def stages_here() -> Iterator[None]:
    """Spare each stage a process of its own, half of whose time is imports.

    They see what DVC tells a stage, and leave their record, as ever. Where DVC runs stages in
    another way than we know, each has its process.
    """
    from dvc.stage import run
    from dvc.stage.exceptions import StageCmdFailedError

    apart = getattr(run, "_run", None)

    def here(program: str, command: str, **given: Any) -> None:
        ours = OURS.fullmatch(command.strip())
        if ours is None or Path(given["cwd"]).resolve() != Path.cwd():
            apart(program, command, **given)  # type: ignore[misc]
            return
        told = {name: given["env"][name] for name in BY_DVC}
        with mock.patch.dict(os.environ, told):
            if code := exit_code(ours[1].split()):
                raise StageCmdFailedError(command, code)

    with mock.patch.object(run, "_run", here) if apart else mock.patch.dict(os.environ):
        yield


def exit_code(words: list[str]) -> int:
    """Run a command of this repo as the command line does; return the exit code."""
    try:
        cli.main(words)
    except SystemExit as end:
        return int(end.code or 0)
    return 0
