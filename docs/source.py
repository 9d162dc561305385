"""What does the code of a generated repo say about itself? Reads it, and imports nothing."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pathspec import PathSpec

ROOT = Path(__file__).parents[1]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
YOURS = PathSpec.from_lines("gitignore", CONFIG["owner_yours"]["default"])
LEVELS = {
    level: PathSpec.from_lines("gitignore", files)
    for level, files in CONFIG["levels"]["default"].items()
}
# set by the program that starts ours, or by one process of ours for another
INTERNAL = {"DVC_STAGE", "LOAD_BODIES", "LOAD_PACE", "PATH", "UV"}


ENVIRONMENT = ("os.environ.get", "environment.get")


def glue(repo: Path) -> Path:
    """Return the folder of the template's code."""
    (found,) = repo.glob("src/*/_mlops")
    return found


def level(repo: Path, path: Path) -> int:
    """Return the lowest level that has a file."""
    name = path.relative_to(repo)
    return max((number for number, files in LEVELS.items() if files.match_file(name)), default=0)


def lowest(repo: Path, pattern: str, expression: str) -> dict[str, int]:
    """Return what an expression finds in files, with the lowest level of a file that has it."""
    found: dict[str, int] = {}
    for path in repo.glob(pattern):
        for name in re.findall(expression, path.read_text(encoding="utf-8"), re.MULTILINE):
            found[name] = min(found.get(name, 9), level(repo, path))
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def classes(path: Path) -> dict[str, ast.ClassDef]:
    """Return the classes of a file by name."""
    return {node.name: node for node in tree(path).body if isinstance(node, ast.ClassDef)}


def assigned(path: Path) -> dict[str, ast.expr]:
    """Return what the names of a file stand for, where one statement says so."""
    found: dict[str, ast.expr] = {}
    for node in tree(path).body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name):
            found[target.id] = value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            found |= {ast.unparse(n): one for n, one in zip(target.elts, value.elts, strict=True)}
    return found


def plain(node: ast.expr | None) -> Any:
    """Return the value that is written there; of a class its arguments by name."""
    if isinstance(node, ast.Call):
        return {keyword.arg: plain(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.List | ast.Tuple):
        return [plain(one) for one in node.elts]
    return ast.literal_eval(node) if node else None


def resolved(node: ast.expr, path: Path) -> Any:
    """Return the value of a constant, also of one that has a name, here or where it comes from."""
    if isinstance(node, ast.Attribute):  # module.NAME
        return resolved(ast.Name(node.attr), module(path, ast.unparse(node.value)))
    if not isinstance(node, ast.Name):
        return plain(node)
    if node.id in assigned(path):
        return resolved(assigned(path)[node.id], path)
    return resolved(node, module(path, node.id))


def module(path: Path, name: str) -> Path:
    """Return the file from which a file imports a name, or that is the name itself."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and name in {a.asname or a.name for a in node.names}:
            start = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            return file_of(start / name) or file_of(start) or path
    raise LookupError(f"{path} imports no {name}")


def file_of(place: Path) -> Path | None:
    """Return the file of a module or package."""
    known = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in known if path.is_file()), None)


def existing(place: Path) -> Path:
    """Return the file of a module or package that is there."""
    found = file_of(place)
    assert found, place
    return found


def definition(path: Path, name: str) -> ast.stmt | None:
    """Return the statement that makes a name; nothing when the name is a module."""
    for node in tree(path).body:
        made = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if name in (made, getattr(node, "name", "")):
            return node
    return None if file_of(path.parent / name) else definition(module(path, name), name)


def decorators(node: ast.AST) -> list[str]:
    return [ast.unparse(one) for one in getattr(node, "decorator_list", ())]


def signature(node: ast.AST) -> str:
    """Return how a function or class is called, or the type of anything else."""
    if isinstance(node, ast.ClassDef):
        made = [one for one in node.body if getattr(one, "name", "") == "__init__"]
        return signature(made[0]) if made else "class"
    if not isinstance(node, ast.FunctionDef):
        return type(plain(getattr(node, "value", None))).__name__
    returns = ast.unparse(node.returns) if node.returns else "None"
    if "property" in decorators(node):
        return returns
    return f"({ast.unparse(node.args).removeprefix('self').removeprefix(', ')}) -> {returns}"


def variables(repo: Path) -> dict[str, int]:
    """Return the environment variables that are read, each with the lowest level that does."""
    found = [lowest(repo, where, r"\$\{([A-Z_]+)") for where in ("compose.yaml", "deploy/*.yaml")]
    for path in glue(repo).rglob("*.py"):
        found.append(dict.fromkeys(set(asked_for(path)) - INTERNAL, level(repo, path)))
    every = {name for one in found for name in one}
    return {name: min(one[name] for one in found if name in one) for name in every}


def asked_for(path: Path) -> Iterator[str]:
    """Return the environment variables that a file asks for."""
    if path.stem == "ports":  # it asks for each of a table
        yield from (ast.literal_eval(key) for key in assigned(path)["DEFAULTS"].keys)  # type: ignore[attr-defined]
        yield plain(assigned(path)["HOST"])
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ENVIRONMENT:
            if not isinstance(node.args[0], ast.Subscript):  # a name out of compose.yaml
                yield resolved(node.args[0], path)
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            if isinstance(node.ctx, ast.Load):
                yield resolved(node.slice, path)
        elif isinstance(node, ast.Compare) and ast.unparse(node).endswith(" in os.environ"):
            yield resolved(node.left, path)
        elif isinstance(node, ast.keyword) and node.arg == "envvar":
            yield resolved(node.value, path)
