"""What does the build backend of a repo need to be told, so that it finds a second package?"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit

UV, HATCH, FLIT = "uv_build", "hatchling.build", "flit_core.buildapi"
# what chooses files for hatchling beside `packages`: a list of packages would overrule it
CHOOSERS = ("include", "only-include", "force-include", "sources", "exclude", "artifacts")
# of a setup.py or a setup.cfg
NAMES_PACKAGES = re.compile(rb"\b(packages|package[_-]dir|py[_-]modules)\b")


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
    if isinstance(mine, str) and mine != name:
        table(document, "uv", "build-backend")["module-name"] = [mine, name]
    elif name not in mine:
        mine.append(name)
    return str(settings.get("module-root", "src")) == "src"


def hatch(repo: Path, document: Any, name: str) -> bool:
    """Tell hatchling, which takes one package of the project's name by default."""
    build = document.get("tool", {}).get("hatch", {}).get("build", {})
    wheel = build.get("targets", {}).get("wheel", {})
    mine = wheel.get("packages") or own_package(repo, document)
    if not mine or "packages" in build or any(key in {*build, *wheel} for key in CHOOSERS):
        return False
    add(table(document, "hatch", "build", "targets", "wheel"), "packages", mine, f"src/{name}")
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
    mine = document.get("tool", {}).get("poetry", {}).get("packages")
    if not mine:
        mine = tomlkit.array().multiline(True)
        for path in own_package(repo, document):
            mine.append(inline({"include": Path(path).name}, "/" in path))
    if not mine:
        return False
    if name not in [item.get("include") for item in mine]:
        mine.append(inline({"include": name}, in_src=True))
        table(document, "poetry")["packages"] = mine
    return True


def inline(item: dict[str, str], in_src: bool) -> Any:
    """Return a line of poetry's packages."""
    line = tomlkit.inline_table()
    line.update(item | ({"from": "src"} if in_src else {}))
    return line


def pdm(repo: Path, document: Any, _: str) -> bool:
    """Leave pdm-backend as it is, which finds all of src by itself."""
    mine = own_package(repo, document)
    settings = document.get("tool", {}).get("pdm", {}).get("build")
    return bool(mine) and "/" in mine[0] and not settings


def setuptools(repo: Path, document: Any, name: str) -> bool:
    """Tell setuptools, which finds all of src, or the one package of the root, by itself."""
    settings = document.get("tool", {}).get("setuptools", {})
    others = [repo / name for name in ("setup.py", "setup.cfg") if (repo / name).is_file()]
    if any(NAMES_PACKAGES.search(path.read_bytes()) for path in others):
        return False  # they say it too
    packages, mine = settings.get("packages"), own_package(repo, document)
    if isinstance(packages, list):
        folders = {"": ".", **settings.get("package-dir", {})}
        root = str(folders.pop(""))
        if folders:
            return False  # one of them is elsewhere
        find_listed(document, packages, root, f"{name}*")
        return True
    found = (packages or {}).get("find", {})
    if packages is None and "package-dir" not in settings and mine and "/" not in mine[0]:
        found = {"include": [f"{mine[0]}*"]}
    elif packages is None:
        return bool(mine) and "/" in mine[0] and not settings
    if not found:
        return False
    find = table(document, "setuptools", "packages", "find")
    add(find, "where", ["."], "src")
    if "include" in found:
        add(find, "include", found["include"], f"{name}*")
    return True


def find_listed(document: Any, packages: Any, root: str, ours: str) -> None:
    """Let setuptools find the packages of a list: below ours are more at each level.

    Args:
        document: The pyproject.toml, which is changed.
        packages: The list, whose lines and comments stay.
        root: Where they are.
        ours: Pattern of the template's package and those below it.

    """
    settings = document["tool"]["setuptools"]
    del settings["packages"]
    settings.pop("package-dir", None)  # what is found says where it was
    find = table(document, "setuptools", "packages", "find")
    find["where"] = list(dict.fromkeys([root, "src"]))
    find["include"] = packages
    add(find, "include", [], ours)


BACKENDS: dict[str, Callable[[Path, Any, str], bool]] = {
    UV: uv,
    HATCH: hatch,
    FLIT: flit,
    "pdm.backend": pdm,
    "poetry.core.masonry.api": poetry,
    "setuptools.build_meta": setuptools,
}


def add(to: Any, key: str, usual: list[str], one: str) -> None:
    """Add to a list, whose lines and comments stay; one that is not there begins as usual."""
    if key not in to:
        to[key] = usual
    if one not in to[key]:
        to[key].append(one)


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
