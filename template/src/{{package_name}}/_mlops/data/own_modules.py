# The template's. Yours are the modules that it finds beside schema.py and features.py.
"""Which files of the package a module of yours stands on, beside itself."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from .. import PACKAGE

SEEDS = ("schema.py", "data.py", "features.py", "model.py", "metrics.py")
STANDS_ON = ("schema.py", "features.py", "model.py")  # and what these import, in a service too
GLUE = "_mlops"
Read = Callable[[PurePosixPath], bytes | None]


def with_imported(names: Iterable[str], read: Read) -> dict[str, bytes | None]:
    """Return the code of these files and of what they import of the package, by name.

    The named ones come first, in their order; then the others, by the alphabet. The template's
    glue is left out.

    Args:
        names: Files of the package.
        read: Gives the bytes of a file of the package, by its path there; nothing for none.
    """
    found = {name: read(PurePosixPath(name)) for name in names}
    waiting = list(found)
    others: dict[str, bytes | None] = {}
    while waiting:
        name = waiting.pop()
        code = found.get(name) or others.get(name) or b""
        for path in imported(PurePosixPath(name), code):
            known = str(path) in found or str(path) in others or path.parts[0] == GLUE
            if not known and (text := read(path)) is not None:
                others[str(path)] = text
                waiting.append(str(path))
    return found | dict(sorted(others.items()))


def in_folder(package: Path) -> Read:
    """Return a function that reads files of the package in a folder."""

    def read(path: PurePosixPath) -> bytes | None:
        file = package / path
        return file.read_bytes() if file.is_file() else None

    return read


def imported(name: PurePosixPath, code: bytes) -> Iterator[PurePosixPath]:
    """Yield each file of the package that a file may import; some of them are not there."""
    for module in modules(name, code):
        for end in range(1, len(module) + 1):
            path = PurePosixPath(*module[:end])
            yield from (path.with_suffix(".py"), path / "__init__.py")


def modules(name: PurePosixPath, code: bytes) -> Iterator[tuple[str, ...]]:
    """Yield each module of the package that a file names, as its parts below the package.

    What is imported from a module may be a module itself: both are yielded.
    """
    own = tuple(PACKAGE.split("."))
    yield from (one[len(own) :] for one in named(name, code) if one[: len(own)] == own)


def named(name: PurePosixPath, code: bytes) -> Iterator[tuple[str, ...]]:
    """Yield each module that a file of the package names, as its parts."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):  # Python says so where it is imported
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = (*PACKAGE.split("."), *name.parts)[: -node.level] if node.level else ()
            module = (*above, *(node.module.split(".") if node.module else ()))
            yield from ((*module, alias.name) for alias in node.names)


def outside(package: Path) -> dict[str, str]:
    """Return what a model's code imports of other packages, each with a file that does."""
    code = with_imported(STANDS_ON, in_folder(package))
    return {
        module[0]: name for name in code for module in named(PurePosixPath(name), code[name] or b"")
    }


def unlisted(listed: Iterable[Path], package: Path) -> list[Path]:
    """Name the modules of yours that a stage stands on, and does not say so.

    One that it reaches by a module that every repo has counts for the stages that list that.

    Args:
        listed: What the stage depends on, files and folders.
        package: The folder of the package.
    """
    known = set(listed)
    seeds = [name for name in SEEDS if package / name in known]
    read = in_folder(package)

    def of_stage(path: PurePosixPath) -> bytes | None:
        return None if str(path) in SEEDS and str(path) not in seeds else read(path)

    found = (package / name for name in with_imported(seeds, of_stage) if name not in SEEDS)
    return [path for path in found if known.isdisjoint({path, *path.parents})]
