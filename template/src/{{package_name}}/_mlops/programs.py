# The template's. Nothing of yours belongs here; use it from a command of yours.
"""Run git, DVC and the commands of this repo as processes."""

import getpass
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import click

from .errors import OutsideFailed, Problem, Refused, WrongInput, cause_of
from .files import lives

# what is asked has one answer, whatever the settings of git are
GIT = ("git", "-c", "status.showUntrackedFiles=normal", "-c", "log.showSignature=false")
DVC_FOLDER = Path(".dvc")
OLD = 86_400  # seconds; no copy of DVC's takes so long

# reads process ids, then a last word; where it ends without one, who wrote it was killed
WATCH = """
import sys
*pids, last = sys.stdin.read().split("\\n")
if not last:
    import psutil
    found = []
    for pid in map(int, pids):
        try:
            main = psutil.Process(pid)
            found += [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            pass
    for end in ("terminate", "kill"):
        for process in found:
            try:
                getattr(process, end)()
            except psutil.NoSuchProcess:
                pass
        found = psutil.wait_procs(found, timeout=10)[1]
"""


def git(*arguments: str) -> str:
    """Return what git prints, or nothing when there is no git, repository or commit."""
    try:
        done = subprocess.run([*GIT, *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.rstrip("\n")


def author() -> str:
    """Return who works here: as git signs commits, or as the machine calls them."""
    try:
        return git("var", "GIT_AUTHOR_IDENT").rpartition(" <")[0] or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"


def run(*command: str, hint: str = "") -> None:
    """Run a program; `OutsideFailed` with the cause, and the hint, when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        words = cause_of(done.stderr or done.stdout)
        raise OutsideFailed(f"`{' '.join(command[:4])} …` failed: {words}", hint)


@contextmanager
def ended_with_us() -> Iterator[Callable[[int], None]]:
    """Give what takes the ids of processes that end, with all they started, when we are killed.

    A kill leaves nothing that could end them, so another process waits for the end of this one.
    """
    watch = [sys.executable, "-I", "-c", WATCH]
    with subprocess.Popen(watch, stdin=-1, start_new_session=True, bufsize=0) as watcher:
        assert watcher.stdin is not None
        write = watcher.stdin.write

        def say(text: object, end: str = "\n") -> None:
            with suppress(OSError):  # it was ended itself
                write(f"{text}{end}".encode())

        try:
            yield say
        finally:
            say("done", end="")


def mend_dvc() -> None:
    """Remove what a killed DVC left behind: a note that it cannot read stops it for ever."""
    note = DVC_FOLDER / "tmp" / "rwlock"
    if is_torn(note):
        time.sleep(0.5)  # another DVC may be writing it
        if is_torn(note):
            note.unlink(missing_ok=True)
    release_ended(note)
    for part in DVC_FOLDER.glob("cache/files/md5/*/.*.tmp"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > OLD:
                part.unlink()


def release_ended(lock: Path) -> None:
    """Remove DVC's note of who uses which file when all whom it names have ended.

    DVC passes over a process that is gone, but waits for one that was killed and that nobody
    cleared away: in a container without an init, for ever.
    """
    try:
        held = json.loads(lock.read_text(encoding="utf-8"))
        users = [*held.get("write", {}).values(), *chain(*held.get("read", {}).values())]
        numbers = [user["pid"] for user in users]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return  # there is none, or DVC says what is wrong with it
    if numbers and not any(map(lives, numbers)):
        lock.unlink(missing_ok=True)


def is_torn(path: Path) -> bool:
    """Say whether a file of JSON is there and is none."""
    try:
        json.loads(path.read_bytes())
    except OSError:
        return False
    except ValueError:
        return True
    return False


def dvc(*arguments: str) -> None:
    """Run DVC of this environment."""
    mend_dvc()
    run(sys.executable, "-m", "dvc", *arguments)


def commit(message: str, only: list[str]) -> None:
    """Commit these paths; the contract's owner signs when git knows nobody."""
    from .config import load_contract  # an update runs without pandas

    owner = load_contract().owners.model
    nobody = not (git("config", "user.name") and git("config", "user.email"))
    sign = ["-c", f"user.name={owner.name}", "-c", f"user.email={owner.email}"] if nobody else []
    run(
        "git",
        *sign,
        "commit",
        "--quiet",
        "--no-verify",
        "--message",
        message,
        "--only",
        "--",
        *only,
        hint="the same command finishes it once git can commit here",
    )


def stage(
    said: list[str],
    *command: str,
    also: Sequence[int] = (),
    loud: bool = False,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> int:
    """Run `python -m COMMAND`, pass on what it says on stderr, and return its exit code.

    Args:
        said: Gets the lines.
        command: A module and its arguments.
        also: Exit codes besides 0 that are an answer.
        loud: Whether its data, on stdout, is worth a line too.
        folder: Where; by default here.
        environment: By default this process's.

    Raises:
        Problem: If it ends with any other exit code; the problem has the same one.
    """
    lines: list[str] = []
    with (
        ended_with_us() as watch,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment or os.environ,
            stdout=subprocess.PIPE if loud else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if loud else subprocess.PIPE,
            text=True,
        ) as process,
    ):
        watch(process.pid)
        for line in process.stdout or process.stderr or ():
            click.echo(line.rstrip("\n"), err=True)
            lines.append(line.rstrip("\n"))
    said += lines
    if process.returncode in (0, *also):
        return process.returncode
    code = process.returncode
    if command[0] == "dvc":  # it says how a stage of its own ended; else a lock or a disk failed
        code = int((re.findall(r"exited with (\d+)", "\n".join(lines)) or [3])[-1])
    kinds = {1: Refused, 2: WrongInput, 3: OutsideFailed}
    raise kinds.get(code, Problem)(f"`{command[1]}` ended with exit code {code}")
