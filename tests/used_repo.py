"""A generated repo that somebody worked in, and what must be left of the work after an update."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from rendering import UV, clean_environment, commit_all, git

PLACES = ("head", "middle", "tail")


def note(path: Path, place: str) -> str:
    """Return a line that stands once in a repo; updates read text, never its grammar."""
    return f"# edited: {path.as_posix()} {place}"


@dataclass
class UsedRepo:
    """What was done to a repo, to be asked for after the update."""

    repo: Path
    written: dict[Path, list[str]] = field(default_factory=dict)
    deleted: list[Path] = field(default_factory=list)
    before: dict[Path, bytes] = field(default_factory=dict)
    kept: list[Path] = field(default_factory=list)

    def edit(self, path: Path) -> None:
        """Add a line at the head, in the middle and at the tail of a file."""
        lines = (self.repo / path).read_text(encoding="utf-8").splitlines()
        head, middle, tail = (note(path, place) for place in PLACES)
        half = len(lines) // 2
        edited = [head, *lines[:half], middle, *lines[half:], tail]
        (self.repo / path).write_text("\n".join(edited) + "\n", encoding="utf-8")
        self.written[path] = [head, middle, tail]

    def append(self, path: Path, text: str) -> None:
        with (self.repo / path).open("a", encoding="utf-8") as file:
            file.write(text)
        self.written.setdefault(path, []).extend(text.splitlines())

    def add(self, path: Path, text: str) -> None:
        (self.repo / path).parent.mkdir(parents=True, exist_ok=True)
        (self.repo / path).write_text(text, encoding="utf-8")
        self.written[path] = text.splitlines()

    def delete(self, path: Path) -> None:
        (self.repo / path).unlink()
        self.written.pop(path, None)
        self.deleted.append(path)

    def rename(self, path: Path, name: str) -> None:
        """Give a file another name in its folder."""
        (self.repo / path).rename((self.repo / path).with_name(name))
        self.written[path.with_name(name)] = self.written.pop(path, [])
        self.deleted.append(path)

    def switch_line_endings(self, path: Path) -> None:
        """Write a file as an editor on Windows does."""
        content = (self.repo / path).read_bytes().replace(b"\r\n", b"\n")
        (self.repo / path).write_bytes(content.replace(b"\n", b"\r\n"))

    def settle(self) -> None:
        """Commit all work and remember every file, those that git ignores as well."""
        commit_all(self.repo, "Months of work")
        self.before = contents(self.repo)


def contents(repo: Path) -> dict[Path, bytes]:
    """Return the bytes of every file that is not git's own."""
    files = (path for path in repo.rglob("*") if path.is_file())
    return {
        path.relative_to(repo): path.read_bytes()
        for path in files
        if path.relative_to(repo).parts[0] not in (".git", ".evidence")
    }


def work_in(repo: Path, yours: list[Path], clashing: list[Path]) -> UsedRepo:
    """Edit every file of the user's, and whatever else a team does in months.

    Args:
        repo: A fresh render; it becomes a git repo.
        yours: The text files that belong to the user.
        clashing: Names under which a later level brings seeds of its own.
    """
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")
    used = UsedRepo(repo)
    for path in yours:
        used.edit(path)
    used.append(Path("dvc.yaml"), "  used_repo:\n    cmd: echo a stage of ours\n")
    used.append(Path(".gitignore"), "/ours/\n*.ours\n")
    for package in (["polars>=1"], ["--group=dev", "ipython>=9", "zstandard>=0.25"]):
        uv_add(repo, *package)
    used.written[Path("pyproject.toml")] = ['"polars>=1"', '"ipython>=9"', '"zstandard>=0.25"']
    for pattern in ("tests/test_*.py", "notebooks/*"):
        seeds = [path for path in yours if path.match(pattern)]
        assert seeds, f"no seed {pattern} to delete"
        used.delete(max(seeds))
    used.rename(Path("README.md"), "ABOUT.md")
    used.switch_line_endings(Path("params.yaml"))
    for path in clashing:
        used.add(path, "# written before the level that brings a seed of this name\n")
    used.add(Path("src/ours.py"), '"""Ours."""\n')
    for name in ("ours", "train", "monitor", "pipeline", "deliver"):
        used.add(Path(f".github/workflows/{name}.yml"), f"name: {name}\non: [push]\njobs: {{}}\n")
    for path in (Path("compose.yaml"), Path("deploy/compose.yaml"), Path("deploy/nginx.conf")):
        used.add(path, f"# ours: {path}\n")
    used.add(Path("notebooks/ours.ipynb"), '{"cells": [],\n "nbformat": 4}\n')
    (repo / "docs/ours.png").write_bytes(b"\x89PNG\r\n\x1a\n\0ours")
    (repo / ".env").write_text("TOKEN=precious\n", encoding="utf-8")
    used.kept = [path for path in [*yours, *clashing] if path not in used.deleted]
    used.settle()
    return used


def uv_add(repo: Path, *arguments: str) -> None:
    """Run a real `uv add`, which sorts into the lists it finds, without network or install."""
    subprocess.run(
        [UV, "add", "--quiet", "--offline", "--frozen", *arguments],
        cwd=repo,
        env=clean_environment(),
        check=True,
    )


def losses(used: UsedRepo) -> list[str]:
    """Return one line for each piece of the user's work that an update lost or spoilt."""
    after = contents(used.repo)
    found = [f"{path}: gone" for path in used.before if path not in after]
    found += [f"{path}: changed" for path in used.kept if after.get(path) != used.before[path]]
    found += [f"{path}: back again" for path in used.deleted if path in after]
    for path, lines in used.written.items():
        text = after.get(path, b"").decode("utf-8")
        found += [
            f"{path}: {line!r} {text.count(line)} times" for line in lines if text.count(line) != 1
        ]
    return found


def conflicts(repo: Path) -> list[str]:
    """Return what copier leaves, with exit code 0 and without a word, when a merge fails."""
    found = [f"unmerged: {line}" for line in git(repo, "ls-files", "--unmerged").splitlines()]
    for path, content in contents(repo).items():
        if path.suffix in {".rej", ".orig"}:
            found.append(f"rejected: {path}")
        if any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in content.splitlines()):
            found.append(f"markers: {path}")
    return found
