# The template's. In a command of yours, raise one of these for what its user can solve.
"""What can go wrong for a user: what was found, what was expected, what to do."""

import errno
import re
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from http.client import HTTPException
from pathlib import Path

DVC = "uv run --frozen python -m dvc"  # what a hint says: `dvc` is on nobody's PATH
# user and password of an address, but for the form that a hint shows and one that has stars
SECRET = re.compile(r"(?<=://)(?!user:password@|[^/\s'\":@]*:\*+@)[^/\s'\"]*:[^/\s'\"]*@")
NO_ANSWER = (OSError, HTTPException)  # nothing listens there, or what speaks no HTTP
MOST_KNOWN = 20  # names in one line
FIRST = 3  # reasons of many of a kind
GLUE = Path(__file__).parent
OF_SQLITE = ("database or disk is full", "disk i/o error")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
CAUSE = re.compile(r"(Stderr:[ |]*)?(error|fatal):", re.IGNORECASE)


class Problem(Exception):
    """An error for people: printed without a traceback, with its own exit code.

    Args:
        message: What was found and what was expected.
        hint: What to do about it.
    """

    exit_code = 4

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(without_passwords(message))
        self.hint = without_passwords(hint)


class Refused(Problem):
    """A check fails."""

    exit_code = 1


class WrongInput(Problem):
    """Wrong use, or input that cannot be read."""

    exit_code = 2


class OutsideFailed(Problem):
    """Something outside failed (registry, disk, port, lock, network); nothing was changed."""

    exit_code = 3


def without_passwords(text: str) -> str:
    """Return a text without what stands before the @ of addresses, when that has a password."""
    return SECRET.sub("***@", text)


def written_down(error: BaseException, project: str) -> str:
    """Write a traceback, without passwords, into a file of its own; return where, or why not."""
    text = without_passwords("".join(traceback.format_exception(error)))
    try:
        number, name = tempfile.mkstemp(prefix=f"{project}-", suffix=".log", text=True)
    except OSError as problem:
        return f"no file: {problem}"
    try:
        with open(number, "w", encoding="utf-8") as log:
            log.write(text)
    except OSError as problem:
        Path(name).unlink(missing_ok=True)
        return f"no file: {problem}"
    return name


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, as `1 row` and `28,000 rows`; `many` is one with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def first_of(found: Sequence[object], between: str = "; ") -> str:
    """Return many things in one line that a person can read: the first few, and how many follow."""
    more = [f"and {len(found) - FIRST} more"] if len(found) > FIRST else []
    return between.join([*map(str, found[:FIRST]), *more])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint for a misspelt name, or the names there are."""
    known = sorted(known)
    if close := get_close_matches(word, known, n=1):
        return f"did you mean {close[0]!r}?"
    more = f" and {len(known) - MOST_KNOWN} more" if len(known) > MOST_KNOWN else ""
    return f"known are: {', '.join(known[:MOST_KNOWN]) or 'none'}{more}"


def cause_of(said: str) -> str:
    """Return the line in which a program names the cause, as git, DVC and uv do; or the last.

    After the cause come its consequences, advice and addresses of help.
    """
    lines = [line.strip(" |\t") for line in said.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("[GNUPG:]", "hint:"))]
    at = next((n for n, line in enumerate(lines) if CAUSE.match(line)), len(lines) - 1)
    told = lines[at : at + 2] if lines and lines[at].endswith(":") else lines[at : at + 1]
    deeper = [line for line in lines[at + 1 :] if line.startswith("Caused by:")]
    return without_passwords(" ".join(told + deeper[-1:])) or "nothing was said"


def first_cause(error: BaseException) -> str:
    """Return what went wrong at the bottom: the layers above only repeat it at length."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    said = str(error).strip() or type(error).__name__
    return without_passwords(said.splitlines()[0])


def place_of(error: BaseException) -> str:
    """Return in which line of yours it happened; nothing when it was a call of ours that failed.

    A file that Python cannot read, as one of ours with the markers of a conflict, is yours to mend.
    """
    if isinstance(error, SyntaxError) and (path := Path(error.filename or "")).is_file():
        shown = path.relative_to(GLUE.parent) if path.is_relative_to(GLUE.parent) else path
        return f"line {error.lineno} of {shown}"
    frames = traceback.extract_tb(error.__traceback__)
    for path, line in reversed([(Path(frame.filename), frame.lineno) for frame in frames]):
        if path.is_relative_to(GLUE):
            return ""
        if path.is_relative_to(GLUE.parent):
            return f"line {line} of {path.relative_to(GLUE.parent)}"
    return ""


def no_space(error: BaseException | None) -> str:
    """Say what a full disk kept from being written; nothing when it was something else.

    SQLite has an error of its own, and what asks it two more around that.
    """
    while error:
        if isinstance(error, OSError) and error.errno in FULL:
            return f"cannot write {error.filename or 'a file'}: {str(error.strerror).lower()}"
        if said := [words for words in OF_SQLITE if words in str(error).lower()]:
            return f"cannot write into the tracking store: {said[0]}"
        error = error.__cause__
    return ""


@contextmanager
def yours(project: str) -> Iterator[None]:
    """Raise a `Problem` for a full disk, and for a line of yours that failed or ended all."""
    try:
        yield
    except Problem:
        raise
    except (Exception, SystemExit) as error:
        if message := no_space(error):
            raise OutsideFailed(message, "free some space, then try again") from error
        if not (place := place_of(error)):
            raise
        if isinstance(error, SystemExit):
            message = f"{place} ends the process; expected that its function returns"
            raise WrongInput(message, "where it cannot, raise ValueError and say why") from error
        kind = OutsideFailed if isinstance(error, OSError | MemoryError) else WrongInput
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise kind(
            f"{place} fails: {said}", f"the traceback is in {written_down(error, project)}"
        ) from error
