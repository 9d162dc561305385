# The template's. Nothing of yours belongs here; use it from a command of yours.
"""Files and folders that appear whole or not at all."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

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
SAYS_SO = 2  # seconds within which a process that took a lock has written its number
LONG_LINE = 1 << 16  # bytes
PART = ".part"  # how the names end of what is not whole yet


def require_file(path: Path) -> None:
    """Raise `WrongInput` for what is not there, and for what may never end, such as a pipe."""
    if path.is_dir():
        raise WrongInput(f"{path} is a folder; expected a file", f"ls {path} shows what it holds")
    if not path.exists():
        more = "; it is a link to nothing" if path.is_symlink() else ""
        raise WrongInput(f"{path} does not exist{more}")
    if not path.is_file():
        raise WrongInput(f"{path} is no file", "save what it gives into a file first")


def read_text(path: Path, hint: str = "") -> str:
    """Return what a text file holds; `WrongInput` when it is not there, or its bytes are none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WrongInput(f"cannot read {path}: {(error.strerror or '').lower()}", hint) from error
    except UnicodeDecodeError as error:
        message = f"{path} is no text: byte {error.start} is {error.object[error.start]:#04x}"
        raise WrongInput(f"{message}; expected UTF-8", hint) from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_if_there(path: Path) -> str:
    """Return the hash of a file; nothing when there is none."""
    return sha256(path) if path.is_file() else ""


def sha256_of(paths: list[Path]) -> str:
    """Return one hash for several files: names and bytes, whatever the order of `paths`."""
    return joined((path.name, sha256(path)) for path in paths)


def joined(sums: Iterable[tuple[str, str]]) -> str:
    """Return the hash that `sha256_of` gives files of these names and hashes."""
    lines = sorted(f"{name} {digest}" for name, digest in sums)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Missing(WrongInput, KeyError):
    """A record lacks a key."""

    __str__ = Exception.__str__  # a KeyError would show its message in quotes


class Record(dict[str, Any]):
    """What a JSON object held; asked for a key that it lacks, it says in which file."""

    path, makes = Path(), ""

    def __missing__(self, key: str) -> Any:
        """Raise `Missing`."""
        raise Missing(f"{self.path} lacks {key!r}", f"{self.makes} makes it anew")


def read_json(
    path: Path, makes: str = "uv run just repro", kinds: Any = None, sealed: bool = False
) -> Any:
    """Read a JSON file.

    Args:
        path: Of the file.
        makes: The command that makes it, for the hint.
        kinds: What is expected, by key: a type or several, `{"*": kind}`, `[kind]`, or such a
            dictionary. A key that is not there is not looked at; `Record` names it when asked.
        sealed: Whether it was written with a seal, and one without is not as it was written.

    Raises:
        WrongInput: If it is missing, damaged, of another kind, or not as it was written.
    """

    def record(pairs: dict[str, Any]) -> Record:
        found = Record(pairs)
        found.path, found.makes = path, makes
        return found

    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_hook=record)
    except FileNotFoundError as error:
        raise WrongInput(f"{path} does not exist", f"{makes} makes it") from error
    except (ValueError, RecursionError, OSError) as error:
        raise WrongInput(f"{path} is not JSON: {error}", f"{makes} makes it anew") from error
    if isinstance(content, dict) and content.get(SEAL, found := seal_of(content)) != found:
        message = f"{path} was changed after it was written: its seal does not fit"
        raise WrongInput(message, f"{makes} makes it anew")
    if sealed and not (isinstance(content, dict) and SEAL in content):
        message = f"{path} was changed after it was written: it has no seal"
        raise WrongInput(message, f"{makes} makes it anew")
    if kinds is not None and (unlike := unlike_kinds(content, kinds)):
        raise WrongInput(f"{path}: {unlike}", f"{makes} makes it anew")
    return content


def unlike_kinds(content: Any, kinds: Any, where: str = "it") -> str:
    """Say what is of another kind than expected, the first; nothing when all is right."""
    kind = dict if isinstance(kinds, dict) else list if isinstance(kinds, list) else kinds
    if not isinstance(content, kind):
        return f"{where} is {str(content)[:40]!r}, expected {named(kind)}"
    if isinstance(kinds, list):
        parts = [(f"{where}[{number}]", one, kinds[0]) for number, one in enumerate(content)]
    elif isinstance(kinds, dict):
        expected = {key: kinds.get(key, kinds.get("*", object)) for key in content}
        parts = [(key, content[key], one) for key, one in expected.items()]
    else:
        return ""
    said = (unlike_kinds(one, expected, name) for name, one, expected in parts)
    return next(filter(None, said), "")


def named(kind: Any) -> str:
    """Return a type, or several, for people."""
    words = {str: "a text", dict: "an object", list: "a list", bool: "true or false"}
    return words.get(kind, "a number or nothing")


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


def last_line(path: Path) -> bytes:
    """Return the last line of a file that only grows; `IndexError` when it has none."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - LONG_LINE))
        return file.read().splitlines()[-1]


def end_line(path: Path) -> None:
    """End a line that a kill cut off: the next one would be lost with it."""
    with suppress(OSError), path.open("r+b") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")


def append_line(path: Path, line: str) -> None:
    """Add one line to a file that only grows, and wait until the disk has it."""
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        end_line(path)
        with path.open("ab") as file:
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
    with _part(path, lambda **named: _touched(*tempfile.mkstemp(**named))) as part:
        yield part
        part.chmod(mode)
        part.replace(path)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill; it takes the place of `path` only when all went well."""
    with _part(path, lambda **named: Path(tempfile.mkdtemp(**named))) as part:
        yield part
        part.chmod(0o755)
        while part.exists():
            # out of the way in one step: half of a folder would look whole
            with _part(path, lambda **named: Path(tempfile.mkdtemp(**named))) as old:
                with suppress(FileNotFoundError):
                    path.replace(old)
                try:
                    part.replace(path)
                except OSError as error:
                    if error.errno != errno.ENOTEMPTY:  # another writer was quicker: once more
                        raise


def sweep(folder: Path) -> None:
    """Remove what killed commands left half-written in a folder; nobody holds it any more."""
    for part in folder.glob(f".*{PART}"):
        with suppress(OSError), _held(part):
            _remove(part)


@contextmanager
def _part(path: Path, make: Callable[..., Path]) -> Iterator[Path]:
    """Give something beside `path` that is gone afterwards, or when the next one writes there.

    While this process lives it holds a lock on it: what no process holds was left by a kill.
    """
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        while True:
            part = make(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
            lock = _lock(part)
            if part.exists():
                break
            os.close(lock)  # somebody swept it away in the moment before it was held
    try:
        with _answering(path):
            yield part
    finally:
        _remove(part)
        os.close(lock)


def _touched(handle: int, name: str) -> Path:
    os.close(handle)
    return Path(name)


def _lock(part: Path) -> int:
    try:
        handle = os.open(part, os.O_RDONLY)
    except FileNotFoundError:
        return os.open(os.devnull, os.O_RDONLY)
    with suppress(OSError):  # a file system without locks: then nothing is swept either
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


@contextmanager
def _held(part: Path) -> Iterator[None]:
    """Hold the lock of something half-written; `OSError` when its writer lives."""
    handle = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


@contextmanager
def one_writer(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; `OutsideFailed` when another process has it.

    The system takes the lock back when the process ends, however it ends; the file stays.
    """
    with _answering(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        _take(file, path)
        with _answering(path):
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())  # a buffer would be tried again
        yield


def require_unlocked(path: Path) -> None:
    """Raise `OutsideFailed` while another process holds a lock file; nothing is written."""
    with suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
        _take(file, path)


def _take(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        message = f"{path} is held by another command{holder(file)}"
        raise OutsideFailed(message, "wait for it to end, then try again") from error


def holder(lock: IO[str]) -> str:
    """Name the process that holds a lock file; one that has only now taken it says so at once."""
    end, said = time.monotonic() + SAYS_SO, ""
    while time.monotonic() < end and not lives(said):
        time.sleep(0.01)
        lock.seek(0)
        said = lock.read()
    return f", process {said}" if said else ""


def lives(pid: int | str) -> bool:
    """Say whether a process works; one that has ended and was not waited for does not."""
    import psutil

    try:
        return bool(psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE)
    except psutil.AccessDenied:
        return True
    except (TypeError, ValueError, OverflowError, psutil.NoSuchProcess):
        return False


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
