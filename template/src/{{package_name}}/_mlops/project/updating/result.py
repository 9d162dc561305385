# The template's. Nothing of yours belongs here: `update` runs it.
"""What changes with an update, and what is left to do by hand?"""

import re
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

LOCK = "uv.lock"
# Ignored by git; the template's version of a file of yours is laid here.
ASIDE = Path("build/update")
# What a clash disables, by where it is.
NEEDS = {
    r"src/\w+/_mlops/\w+/(\w+)\.py": "the command {} of the template, or those that import it",
    r"src/\w+/_mlops/.*": "the commands that import it",
    r"\.github/workflows/([\w-]+)\.yml": "the workflow {} of the template",
    r"\.gitlab-ci\.yml": "every workflow of the template: include yours from .gitlab/ci/",
    r"\.gitlab/ci/([\w-]+)\.yml": "the workflow {} of the template",
    r"just/(\w+)\.just": "the recipes of {}",
    r"tests/.*": "the tests of the template under that name",
    r"docs/.*": "the page of the template",
}


@dataclass
class Update:
    """What an update changes; paths are relative to the root of the git repository.

    `tree` is the git tree of the result, `unmerged` are lines for `git update-index --index-info`;
    `gone` are files that the template has no more, `kept` are those of them that somebody edited.
    """

    tree: str = ""
    level: tuple[str, str] = ("", "")
    version: tuple[str, str] = ("", "")
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    clashes: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    lock: str = ""
    unmerged: list[str] = field(default_factory=list)
    aside: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Say whether no file changes."""
        return not (self.added or self.changed or self.gone)

    @property
    def named(self) -> list[str]:
        """Name what a person has to do, one line each."""
        clashes = [
            f"clash    {path}: yours stays, the template's is in {ASIDE / path}; until they are "
            f"merged this does not work: {broken}"
            for path, broken in self.clashes.items()
        ]
        conflicts = [f"conflict {path}: choose at its markers" for path in self.conflicts]
        rejected = [f"rejected {path}: edits are in {ASIDE / path}" for path in self.rejected]
        kept = [
            f"kept     {path}: with your answers the template has it no more, and you edited it; "
            f"when you need it no longer: git rm -- {shlex.quote(f':/{path}')}"
            for path in self.kept
        ]
        lock = [f"lock     {LOCK}: {self.lock}; run uv lock, then commit"] if self.lock else []
        return [*clashes, *conflicts, *rejected, *kept, *lock]

    def described(self) -> dict[str, Any]:
        """Return everything a program may want to know."""
        told = {k: v for k, v in asdict(self).items() if k not in {"unmerged", "aside", "tree"}}
        return told | {"by_hand": self.named}


def needs(path: str) -> str:
    """Say what does not work while a file of yours has the name of this one."""
    for pattern, words in NEEDS.items():
        if found := re.search(rf"(?:^|/){pattern}$", path):
            return words.format(*found.groups())
    return "what reads this file of the template"
