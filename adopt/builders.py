"""What does the build backend of a repo need to be told, so that it finds a second package?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit

UV, HATCH, FLIT = "uv_build", "hatchling.build", "flit_core.buildapi"
# what chooses files for hatchling beside `packages`: a list of packages would overrule it
CHOOSERS = ("include", "only-include", "force-include", "sources", "exclude", "artifacts")


def build_both(repo: Path, document: Any, name: str) -> bool:
    """Let the backend that the repo has build src/NAME beside its own package.

    Args:
        repo: The repo that exists; read only.
        document: Its pyproject.toml, which is changed.
        name: The template's package.

    Returns:
        Whether the backend finds it now. Where this is not sure nothing is changed, but for
        uv_build with a folder of its own, which finds it once all packages are in src.

    """
    tell = BACKENDS.get(backend(document))
    return tell is not None and tell(repo, document, name)


def backend(document: Any) -> str:
    """Return the name of the build backend; uv's own where nothing is said."""
    return str(document.get("build-system", {}).get("build-backend", UV))


def uv(_: Path, document: Any, name: str) -> bool:
    """Tell uv_build, which takes the project's name by default."""
    settings = document.get("tool", {}).get("uv", {}).get("build-backend", {})
    mine = settings.get("module-name", module(document))
    modules = [mine] if isinstance(mine, str) else list(mine)
    if name not in modules:
        table(document, "uv", "build-backend")["module-name"] = [*modules, name]
    return str(settings.get("module-root", "src")) == "src"


def hatch(repo: Path, document: Any, name: str) -> bool:
    """Tell hatchling, which takes one package of the project's name by default."""
    build = document.get("tool", {}).get("hatch", {}).get("build", {})
    wheel = build.get("targets", {}).get("wheel", {})
    mine = wheel.get("packages") or own_package(repo, document)
    if not mine or "packages" in build or any(key in {*build, *wheel} for key in CHOOSERS):
        return False
    if f"src/{name}" not in mine:
        table(document, "hatch", "build", "targets", "wheel")["packages"] = [*mine, f"src/{name}"]
    return True


def flit(repo: Path, document: Any, name: str) -> bool:
    """Let hatchling build in the place of flit, which builds one module and no more."""
    asks_flit = "flit" in document.get("tool", {}) or document["project"].get("dynamic")
    if asks_flit or not hatch(repo, document, name):
        return False
    document["build-system"]["requires"] = ["hatchling>=1.27,<2"]
    document["build-system"]["build-backend"] = HATCH
    return True


def poetry(repo: Path, document: Any, name: str) -> bool:
    """Tell poetry-core, which takes one package of the project's name by default."""
    theirs = document.get("tool", {}).get("poetry", {}).get("packages")
    mine = [item.unwrap() for item in theirs or []]
    for path in [] if theirs else own_package(repo, document):
        mine.append({"include": Path(path).name} | ({"from": "src"} if "/" in path else {}))
    if not mine:
        return False
    if name not in [item.get("include") for item in mine]:
        items = tomlkit.array()
        for item in [*mine, {"include": name, "from": "src"}]:
            line = tomlkit.inline_table()
            line.update(item)
            items.append(line)
        table(document, "poetry")["packages"] = items.multiline(True)
    return True


def setuptools(repo: Path, document: Any, name: str) -> bool:
    """Tell setuptools, which finds all of src, or the one package of the root, by itself."""
    settings = document.get("tool", {}).get("setuptools", {})
    if (repo / "setup.py").exists() or (repo / "setup.cfg").exists():
        return False  # they may say it too
    packages, mine = settings.get("packages"), own_package(repo, document)
    if isinstance(packages, list):
        if name not in packages:
            packages.append(name)
            table(document, "setuptools", "package-dir")[name] = f"src/{name}"
        return True
    found = (packages or {}).get("find", {})
    if packages is None and "package-dir" not in settings and mine and "/" not in mine[0]:
        found = {"include": [f"{mine[0]}*"]}
    elif packages is None:
        return bool(mine) and "/" in mine[0] and not settings
    if not found:
        return False
    find = table(document, "setuptools", "packages", "find")
    where = list(found.get("where", ["."]))
    find["where"] = where if "src" in where else [*where, "src"]
    if "include" in found:
        find["include"] = [*found["include"], f"{name}*"]
    return True


BACKENDS: dict[str, Callable[[Path, Any, str], bool]] = {
    UV: uv,
    HATCH: hatch,
    FLIT: flit,
    "poetry.core.masonry.api": poetry,
    "setuptools.build_meta": setuptools,
}


def module(document: Any) -> str:
    """Return the name by which the project is imported, when nothing else is said."""
    name = str(document.get("project", {}).get("name", ""))
    return name.replace("-", "_").replace(".", "_").lower()


def own_package(repo: Path, document: Any) -> list[str]:
    """Return the folder of the project's own package, where backends look for it."""
    name = module(document)
    found = [path for path in (f"src/{name}", name) if (repo / path / "__init__.py").is_file()]
    return found[:1] if name else []


def table(document: Any, *keys: str) -> Any:
    """Return a table of [tool], made where there is none."""
    found = document.setdefault("tool", tomlkit.table(is_super_table=True))
    for key in keys[:-1]:
        found = found.setdefault(key, tomlkit.table(is_super_table=True))
    return found.setdefault(keys[-1], tomlkit.table())
