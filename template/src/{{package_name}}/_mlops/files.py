# The template's. Nothing of yours belongs here; use it from a command of yours.
"""Files and folders that appear whole or not at all."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .errors import OutsideFailed, WrongInput


class TypedPath(click.Path):
    """A file of the command line: relative to the folder in which its user typed the command."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path as seen from the repo's root, where every command runs."""
        path = super().convert(value, param, ctx)
        typed_in = ctx and ctx.find_root().obj
        return typed_in.relative_to(Path.cwd()) / path if typed_in else path


FILE = TypedPath(path_type=Path)
SEAL = "seal"  # key of a JSON file under which the hash of the others stands


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(paths: list[Path]) -> str:
    """Return one hash for several files: names and bytes, whatever the order of `paths`."""
    lines = sorted(f"{path.name} {sha256(path)}" for path in paths)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_json(path: Path, makes: str = "uv run just repro") -> Any:
    """Read a JSON file.

    Args:
        path: Of the file.
        makes: The command that makes it, for the hint.

    Raises:
        WrongInput: If it is missing, damaged, or sealed and not as it was written.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WrongInput(f"{path} does not exist", f"{makes} makes it") from error
    except (ValueError, RecursionError) as error:
        raise WrongInput(f"{path} is not JSON: {error}", f"{makes} makes it anew") from error
    if isinstance(content, dict) and content.get(SEAL, found := seal_of(content)) != found:
        message = f"{path} was changed after it was written: its seal does not fit"
        raise WrongInput(message, f"{makes} makes it anew")
    return content


def write_json(path: Path, content: Any, seal: bool = False) -> None:
    """Write a JSON file at once; numbers that JSON lacks (NaN, infinity) become null.

    Args:
        path: Of the file.
        content: What it holds.
        seal: Whether it carries the hash of its content, which `read_json` compares.
    """
    content = _finite(content)
    if seal:
        content[SEAL] = seal_of(content)
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def seal_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of what a JSON object holds beside its seal."""
    body = {name: value for name, value in content.items() if name != SEAL}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def append_line(path: Path, line: str) -> None:
    """Add one line to a file that only grows, and wait until the disk has it."""
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # what was cut off stays a line of its own
                    file.write(b"\n")
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value


@contextmanager
def whole_file(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """Give a path to write to; it takes the place of `path` only when all went well."""
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
    part = Path(name)
    try:
        with _answering(path):
            yield part
            part.chmod(mode)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill; it takes the place of `path` only when all went well."""
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        with _answering(path):
            yield part
            part.chmod(0o755)
            shutil.rmtree(path, ignore_errors=True)
            part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def one_writer(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; `OutsideFailed` when another process has it.

    The system takes the lock back when the process ends, however it ends; the file stays.
    """
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            message = f"{path} is held by another command, process {file.read() or 'unknown'}"
            raise OutsideFailed(message, "wait for it to end, then try again") from error
        with _answering(path):
            file.truncate(0)
            print(os.getpid(), end="", file=file, flush=True)
        yield


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other process is in such a block; `path` is a lock file, which stays.

    The system ends the wait when the process that it is for has ended, however it ended.
    """
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _answering(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutsideFailed(
            f"cannot write {path}: {reason}", "check permissions and space"
        ) from error
