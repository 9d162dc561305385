"""Ends every process of a command at its N-th change of the repo, as a power cut would.

Python imports this module in each process that has its folder on PYTHONPATH. The processes count
together, by lines in the file FAULT_COUNT; at number FAULT_AT the whole group is killed.
"""

import os
import signal
import sqlite3
import sys
from typing import Any

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink"}
SCRATCH = f"{os.sep}build{os.sep}"  # where an update is computed, by thousands of changes
LEFT_OUT = (f"{os.sep}.venv{os.sep}", "__pycache__", ".pyc", f"{os.sep}.evidence", SCRATCH)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Counted(sqlite3.Connection):
    """A connection whose commits are changes of the repo too."""

    def commit(self) -> None:
        if self.in_transaction:
            change("sqlite commit")
        super().commit()


def begin() -> None:
    """Count from now on, in this process."""
    sys.addaudithook(look)
    connect: Any = sqlite3.connect
    fsync = os.fsync

    def counted(*arguments: Any, **options: Any) -> Any:
        return connect(*arguments, **{"factory": Counted, **options})

    def waited(fd: Any) -> None:
        change("os.fsync")
        fsync(fd)

    sqlite3.connect = sqlite3.dbapi2.connect = counted
    os.fsync = waited


def look(event: str, given: tuple[Any, ...]) -> None:
    """See each event of Python before it happens."""
    if event == "subprocess.Popen" and SCRATCH in f"{given[2] or os.getcwd()}{os.sep}":  # noqa: PTH109
        return
    if event == "subprocess.Popen":
        change(f"{event} {' '.join(map(str, given[1][:4]))}")
    elif event in CHANGES and (path := inside(given[0])):
        change(f"{event} {path}")
    elif event == "open" and given[2] & WRITES and (path := inside(given[0])):
        change(f"open {path}", torn=path if is_written_anew(given) else "")


def is_written_anew(given: tuple[Any, ...]) -> bool:
    """Say whether this opening empties a file."""
    return bool(given[2] & os.O_TRUNC) or "w" in str(given[1] or "")


def inside(path: Any) -> str:
    """Return a path that is in the repo and of interest; nothing for any other."""
    if isinstance(path, int):
        return ""
    full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - of any process, at any time
    repo = os.environ["FAULT_REPO"] + os.sep
    mine = full.startswith(repo) and not any(part in full for part in LEFT_OUT)
    return full if mine else ""


def change(what: str, torn: str = "") -> None:
    """Count a change that is about to happen, and end everything when it is the one.

    Args:
        what: For people.
        torn: A file that is emptied first, when the end is to come between opening and writing.
    """
    count = os.open(os.environ["FAULT_COUNT"], os.O_WRONLY | os.O_APPEND)
    os.write(count, b".")
    number = os.fstat(count).st_size
    os.close(count)
    if log := os.environ.get("FAULT_LOG"):
        words = what.replace(os.environ["FAULT_REPO"] + os.sep, "")
        with open(log, "a") as file:  # noqa: PTH123
            file.write(f"{number}\t{int(bool(torn))}\t{words}\n")
    if number == int(os.environ.get("FAULT_AT", "0")):
        if torn and os.environ.get("FAULT_TORN"):
            os.close(os.open(torn, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
        os.killpg(0, signal.SIGKILL)


if "FAULT_COUNT" in os.environ and "FAULT_DRIVER" not in os.environ:
    begin()
