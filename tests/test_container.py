"""The file of the extra's image: hadolint reads it, and sees a user with all rights."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rendering import LOWEST


def test_hadolint_has_nothing_to_say_about_the_image(generate: Callable[..., Path]) -> None:
    repo = generate(maturity_level=LOWEST["container"], extras=["container"])
    file = repo / "ops/container/Containerfile"
    tool = Path(sys.executable).with_name("hadolint")

    def lint() -> str:
        command = [str(tool), file.name]  # in the locale C it reads no other letters than ASCII's
        return subprocess.run(command, cwd=file.parent, capture_output=True, text=True).stdout

    assert lint() == ""
    text = file.read_text(encoding="utf-8")
    assert text.count("\nFROM ${BASE}") == text.count("\nFROM ") == 2, "the named base alone"
    file.write_text(text.replace("\nUSER 1034\n", "\nUSER root\n"))
    assert "DL3002" in lint()
