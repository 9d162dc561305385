"""Which lines does a file of yours lack, so that the template works beside it?"""

import difflib
import itertools
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import builders
import tomlkit
import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.items import AoT, Array

PYPROJECT = "pyproject.toml"
# The Pythons for which the packages exist: each bound, and a version just beyond it.
PYTHONS = {">=3.11": "3.10.99", "<3.14": "3.14.0"}
EXIST = [f"3.{minor}.{patch}" for minor in (11, 12, 13) for patch in range(99)]
# Of a package: an upper bound, and all bounds.
BOUNDED, BOUNDS = re.compile(r"<|~=|=="), re.compile(r"[<>=~!].*")
# What git never has of these, DVC has.
BATCHES = ("data/raw/", "data/incoming/")
# Made later by commands of the template, and committed.
COMMITTED_LATER = (
    "uv.lock",
    "dvc.lock",
    ".start-from.json",
    "data/raw.dvc",
    "data/forgotten.jsonl",
    "models/champion.dvc",
    "models/registered.dvc",
    "models/journal.jsonl",
    "reports/metrics.json",
)
# What levels, versions and runs add to is let through as a whole; what git still ignores there.
WHOLE = {
    r"(src/\w+|tests)/_mlops/(?=.)": ("**", "__pycache__/"),
    r"reports/(?=\w+\.json$)": ("*.json", "/reports/readiness.json"),
}
# Where yours configure pytest and mypy, which read one file alone.
SETTINGS = {
    "setup.cfg": (("[tool:pytest]", "pytest"), ("[mypy]", "mypy")),
    "tox.ini": (("[pytest]", "pytest"),),
}
# A file of one of these names, even an empty one, goes before pyproject.toml.
BEFORE_PYPROJECT = {
    "pytest": ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
    "mypy": ("mypy.ini", ".mypy.ini"),
}
TABLES = {"pytest": "[tool.pytest.ini_options]", "mypy": "[tool.mypy]"}
# The name of a recipe, at the head of its line.
RECIPE = re.compile(r"@?([A-Za-z_][\w-]*)(?: [^:=]*)?:(?!=)")
# Packages, as conda and pipenv list them.
LISTS = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml", "Pipfile")
# What a file of yours in the place of one of the template's leaves undone.
MEANINGS = {
    r"src/\w+/(__main__\.py|_mlops/.*)": "no recipe works: take another package_name",
    r"src/\w+/__init__\.py": "that is fine",
    r"src/\w+/\w+\.py": "_mlops/interface.py asks for more: test_interface.py says what",
    r"\.github/workflows/.*": "the template's of that name does not run: rename yours",
    r"\.gitlab-ci\.yml": "no workflow of the template runs: include .gitlab/ci/*.yml in yours",
    r"\.gitlab/ci/.*": "the template's of that name does not run: rename yours",
    r"(README|LICENSE|AGENTS|MODEL_CARD|\.github/dependabot|\.gitlab/renovate).*": "that is fine",
    r"dvc\.yaml": "`repro` runs your stages only: add the template's that you want",
    r"\.dvc/config": "data and models go to your default remote; without one nothing is pushed",
    r"(\.dvc/\.gitignore|\.dvcignore|\.env\.example|tests/.*)": "that is fine",
    r"params\.yaml": (
        "commands read the template's sections only: keep yours in a file of another name, "
        "which your dvc.yaml names under params"
    ),
}


def meaning(path: Path) -> str:
    """Say what does not work while yours stands in the place of the template's file."""
    for pattern, words in MEANINGS.items():
        if re.fullmatch(pattern, path.as_posix()):
            return words
    return "what reads the template's file of that name does not work until you merge it"


def merge(repo: Path, fresh: Path, missing: list[Path]) -> tuple[dict[str, str], list[str]]:
    """Return the text of each shared file with the template's lines in it, and what to know.

    Args:
        repo: The repo that exists; read only.
        fresh: The template rendered with the same answers.
        missing: What will be added, relative to both.

    """
    notes: list[str] = []
    merged: dict[str, str] = {}
    mergers: dict[str, Callable[[str, str], str]] = {
        ".gitattributes": lines_at_head,
        ".gitignore": lines_at_head,
        "justfile": recipes,
        ".pre-commit-config.yaml": hooks,
        "ruff.toml": lambda yours, _: without_glue(yours, fresh),
        "tests/conftest.py": plugins,
        PYPROJECT: lambda yours, theirs: pyproject(repo, yours, theirs),
    }
    for name, merger in mergers.items():
        if (repo / name).is_file() and (fresh / name).is_file():
            yours, theirs = text(repo / name), text(fresh / name)
            result = yours if yours == theirs else merger(yours, theirs)
            if result != yours:
                merged[name] = result
    ignore(repo, merged, missing, notes)
    notes += hidden(repo, merged.get(".gitignore", text(fresh / ".gitignore")))
    notes += look_out(repo, fresh)
    return merged, notes


def patch(repo: Path, merged: dict[str, str]) -> Iterator[str]:
    """Yield the lines of a patch that makes the files of the repo what they should be."""
    for name, wanted in merged.items():
        yours = text(repo / name) if (repo / name).is_file() else ""
        before, after = f"a/{name}", f"b/{name}"
        if not (repo / name).is_file():
            continue
        for line in difflib.unified_diff(
            yours.splitlines(keepends=True), wanted.splitlines(keepends=True), before, after
        ):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def text(path: Path) -> str:
    """Read a file with its line endings as they are."""
    return path.read_bytes().decode("utf-8")


def lines_at_head(yours: str, theirs: str) -> str:
    """Put the lines that are missing first: where the last match wins, yours still does."""
    ending = "\r\n" if "\r\n" in yours else "\n"
    known = set(yours.splitlines())
    lacking = [line for line in theirs.splitlines() if line and line not in known]
    if all(line.startswith("#") for line in lacking):
        return yours
    return "".join(f"{line}{ending}" for line in lacking) + yours


def recipes(yours: str, theirs: str) -> str:
    """Put the template's lines first, but for what you set otherwise: just takes each once."""
    named = re.compile(r"(?:set|export) +([\w-]+)")
    mine = {found[1] for line in yours.splitlines() if (found := named.match(line))}
    lines = theirs.splitlines()
    wanted = [line for line in lines if not ((found := named.match(line)) and found[1] in mine)]
    return lines_at_head(yours, "\n".join(wanted))


def hooks(yours: str, theirs: str) -> str:
    """Put the template's hooks in front of yours, indented as yours are."""
    found = re.search(r"^repos:[^\n]*\n(?:\s*#[^\n]*\n)*( *)- ", yours, re.MULTILINE)
    if not found:
        return yours
    block = theirs.split("repos:\n", 1)[1].splitlines()
    moved = "".join(f"{found[1]}{line.removeprefix('  ')}\n" for line in block)
    head = yours.index("\n", yours.index("repos:", found.start())) + 1
    result = yours[:head] + moved + yours[head:]
    try:
        before, after = (yaml.safe_load(content)["repos"] for content in (yours, result))
    except yaml.YAMLError:
        return yours  # a person has to mend it first
    assert after[-len(before) :] == before, "a hook of yours would change"
    return result


def plugins(yours: str, _: str) -> str:
    """Name the template's fixtures, on which tests/_mlops stands."""
    if "pytest_plugins" in yours:
        return yours
    return f'{yours.rstrip()}\n\npytest_plugins = ["_mlops.fixtures"]\n'.lstrip("\n")


def without_glue(yours: str, fresh: Path) -> str:
    """Keep rules of yours from code that is not yours."""
    document = tomlkit.parse(yours)
    add_items(document, "extend-exclude", [*glue(fresh), "tests/_mlops"])
    return tomlkit.dumps(document)


def glue(fresh: Path) -> list[str]:
    return [path.relative_to(fresh).as_posix() for path in fresh.glob("src/*/_mlops")]


def package(fresh: Path) -> str:
    return next(fresh.glob("src/*/_mlops")).parent.name


def has_table(path: Path, *keys: str) -> bool:
    """Say whether a TOML file has a table."""
    found: Any = tomlkit.parse(text(path)) if path.is_file() else {}
    for key in keys:
        found = found.get(key, {})
    return bool(found)


def pyproject(repo: Path, yours: str, theirs: str) -> str:
    """Add tables, keys and packages that are missing; yours stay, but for the Pythons allowed."""
    document, template = tomlkit.parse(yours), tomlkit.parse(theirs)
    yours_groups = list(document.get("dependency-groups", {}))
    name = str(template["tool"]["importlinter"]["root_package"])
    if builders.backend(document) != builders.UV:
        del template["tool"]["uv"]["build-backend"]
    if "build-system" in document:
        builders.build_both(repo, document, name)
    if has_table(repo / PYPROJECT, "tool", "ruff"):
        ruff = document["tool"]["ruff"]
        add_items(ruff, "extend-exclude", [f"src/{name}/_mlops", "tests/_mlops"])
        if "include" in ruff:  # the hook reads each file of a commit: `check` and `fix` too
            add_items(ruff, "extend-include", [f"src/{name}/**/*.py", "tests/**/*.py"])
    project: Any = document.get("project", {})
    for key in ("description", *project.get("dynamic", [])):
        template["project"].pop(key, None)
    if "build-system" in document:
        del template["build-system"]
    keep_bounds(document, template)
    allow_pythons(project)
    options = template["tool"]["pytest"]["ini_options"]
    for strict in ("addopts", "minversion", "xfail_strict"):
        del options[strict]  # it would fail tests of yours that ran before
    add_items(options, "pythonpath", ["tests"])  # also for import-mode=importlib
    known = document.get("tool", {})
    tools = lacking_tools(tomlkit.dumps(template), known)
    complete(document, {key: value for key, value in template.items() if key != "tool"})
    complete(known, {key: value for key, value in template["tool"].items() if key in known})
    # a level adds its group between the template's groups and `tools`: keep them neighbours
    groups: Any = document["dependency-groups"]
    if extras := extras_of_tests(project):
        add_items(groups, "dev", [f"{project['name']}[{','.join(extras)}]"])
    if "tools" in yours_groups:
        groups["tools"] = groups.pop("tools")
    result = tomlkit.dumps(document)
    return f"{result.rstrip()}\n\n{tools}" if tools else result


def lacking_tools(theirs: str, known: Any) -> str:
    """Return the text of the template's [tool] tables that yours lacks.

    They follow the groups, as in the template: in another order a level's lines find no place.
    """
    tables = re.split(r"^(?=\[)", theirs, flags=re.MULTILINE)
    names = (re.match(r"\[+tool\.([\w-]+)", table) for table in tables)
    return "".join(
        table for table, name in zip(tables, names, strict=True) if name and name[1] not in known
    )


def keep_bounds(document: Any, template: Any) -> None:
    """Leave a package that yours bounds from above to you: uv locks all lists as one."""
    bounded = bounded_packages(document)
    for items in template["dependency-groups"].values():
        for place, item in enumerate(map(str, items)):
            if named(item) in bounded:
                items[place] = BOUNDS.sub("", item)


def bounded_packages(document: Any) -> dict[str, str]:
    """Return the packages that yours bounds from above, and how."""
    project: Any = document.get("project", {})
    lists = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    lists += document.get("dependency-groups", {}).values()
    packages = [str(item).partition(";")[0].strip() for items in lists for item in items]
    return {named(item): item for item in packages if BOUNDED.search(item)}


def too_old(document: Any, template: Any) -> Iterator[str]:
    """Name packages of which no version suits yours and the template."""
    bounded = bounded_packages(document)
    for item in itertools.chain(*template["dependency-groups"].values()):
        wanted = Requirement(str(item))
        if yours := bounded.get(named(str(item))):
            both = wanted.specifier & Requirement(yours).specifier
            if not has_version(both):
                wants = f"the template is tested with {wanted.specifier}"
                yield f"yours says {yours}, {wants}: its tests and commands may fail; raise yours"


def has_version(bounds: SpecifierSet) -> bool:
    """Say whether a version that one of the bounds names, or the next, is within all of them."""
    named_in = [bound.version.removesuffix(".*") for bound in bounds]
    return any(bounds.contains(f"{version}{more}") for version in named_in for more in ("", ".1"))


def extras_of_tests(project: Any) -> list[str]:
    """Return the extras that hold what your tests need: no recipe asks for an extra."""
    extras = project.get("optional-dependencies", {})
    return [
        extra
        for extra, items in extras.items()
        if any(named(str(item).partition(";")[0]).startswith("pytest") for item in items)
    ]


def allow_pythons(project: Any) -> None:
    """Narrow the Pythons to those for which the template's packages exist."""
    yours = str(project.get("requires-python", ""))
    wanted = narrowed(yours) or ",".join(PYTHONS)
    if yours not in ("", wanted):
        project["requires-python"] = wanted


def narrowed(yours: str) -> str:
    """Return the bounds of yours with those of the template; nothing when no Python suits both."""
    allowed = SpecifierSet(yours)
    lacking = [bound for bound, beyond in PYTHONS.items() if beyond in allowed]
    wider = tuple(bound[0] for bound in lacking)
    kept = [part.strip() for part in yours.split(",") if not part.strip().startswith(wider)]
    both = ",".join(sorted([*lacking, *kept], key=lambda part: ">!~=<".find(part[:1])))
    return both if any(version in SpecifierSet(both) for version in EXIST) else ""


def complete(yours: Any, theirs: Any) -> None:
    """Add what is missing, table by table; a list of packages gets those that it lacks."""
    for key, value in theirs.items():
        if key not in yours:
            yours[key] = value
        elif isinstance(value, Mapping):  # also one whose tables stand apart
            complete(yours[key], value)
        elif isinstance(value, AoT) and isinstance(yours[key], AoT):
            known = [table.unwrap() for table in yours[key]]
            for table in value:
                if table.unwrap() not in known:
                    yours[key].append(table)
        elif isinstance(value, Array) and isinstance(yours[key], Array) and key != "dev":
            add_items(yours, key, [str(item) for item in value])


def add_items(table: Any, key: str, items: list[str]) -> None:
    """Add to a list what it lacks, packages by their name."""
    if key not in table:
        table[key] = items
        return
    known = {named(str(item)) for item in table[key]}
    for item in items:
        if named(item) not in known:
            table[key].append(item)


def named(item: str) -> str:
    try:
        return canonicalize_name(Requirement(item).name)
    except InvalidRequirement:
        return item


def ignore(repo: Path, merged: dict[str, str], missing: list[Path], notes: list[str]) -> None:
    """Let git see what is added, whatever your .gitignore says of its folder."""
    name = ".gitignore"
    if not (repo / name).is_file():
        return
    wanted = [*(path.as_posix() for path in missing), *COMMITTED_LATER]
    meant = (".env", *BATCHES)
    wanted = [path for path in wanted if not path.startswith(meant) or path == ".env.example"]
    yours = merged.get(name, text(repo / name))
    ending = "\r\n" if "\r\n" in yours else "\n"
    for path in ignored(repo, yours, wanted):
        if ignored(repo, yours, [path]):  # and no line for another has let it through
            lines = "".join(f"{line}{ending}" for line in shown(repo, yours, path))
            yours = yours.rstrip("\r\n") + ending + lines
            merged[name] = yours
    for path in ignored(repo, yours, wanted):
        notes.append(f"git ignores {path} all the same: git add --force {path}")


def hidden(repo: Path, rules: str) -> Iterator[str]:
    """Yield which files that git has are of a kind that it will ignore."""
    known = [path for path in listed(repo, ".") if not path.startswith(BATCHES)]
    before = text(repo / ".gitignore") if (repo / ".gitignore").is_file() else ""
    late = set(ignored(repo, before, known))
    if found := [path for path in ignored(repo, rules, known) if path not in late]:
        more = f" and {len(found) - 1} more" if found[1:] else ""
        yield (
            f"git will ignore what is new beside {found[0]}{more}, which it has: "
            "a line with ! at the end of .gitignore lets it in"
        )


def listed(repo: Path, folder: str) -> list[str]:
    """Return the files that git has of a folder."""
    command = ["git", "ls-files", "-z", "--", folder]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name]


def shown(repo: Path, rules: str, path: str) -> Iterator[str]:
    """Yield the lines that let git see a path; nothing else of a folder that is ignored."""
    line, but = f"!/{path}", ""
    for folder, (pattern, still) in WHOLE.items():
        if found := re.match(folder, path):
            line, but = f"!/{found[0]}{pattern}", still
            path = f"{found[0]}any.json"
    for parent in reversed(PurePosixPath(path).parents[:-1]):
        if not ignored(repo, f"{rules}\n{line}", [path]):
            break
        if ignored(repo, rules, [f"{parent}/"]):
            opened = (f"!/{parent}/", f"/{parent}/?*")  # `*` alone is the folder too, to DVC
            yield from opened
            rules = "\n".join([rules, *opened])
    yield from filter(None, (line, but))


def ignored(repo: Path, rules: str, paths: list[str]) -> list[str]:
    """Return those of the paths that git would ignore in the repo with these rules at its root."""
    top = top_of(repo)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["git", "init", "--quiet", place], check=True)
        above = [folder / ".gitignore" for folder in repo.parents if folder.is_relative_to(top)]
        for path in (*filter(Path.is_file, above), *repo.rglob(".gitignore")):
            copy = Path(place, path.relative_to(top))
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        root = Path(place, repo.relative_to(top))
        root.mkdir(parents=True, exist_ok=True)
        Path(root, ".gitignore").write_bytes(rules.encode())
        done = subprocess.run(
            ["git", "check-ignore", "--no-index", "--stdin", "-z"],
            cwd=root,
            input="\0".join(paths),
            capture_output=True,
            text=True,
        )
    return [path for path in done.stdout.split("\0") if path]


def workspace(repo: Path) -> Path | None:
    """Return the folder whose uv workspace has the repo as a member: the lock would lie there."""
    for folder in repo.parents:
        path = folder / PYPROJECT
        document: Any = tomlkit.parse(text(path)) if path.is_file() else {}
        if found := document.get("tool", {}).get("uv", {}).get("workspace"):
            within, out = (
                any(repo in folder.glob(str(pattern)) for pattern in found.get(key, []))
                for key in ("members", "exclude")
            )
            return folder if within and not out else None
    return None


def top_of(repo: Path) -> Path:
    """Return the folder of the git repository that holds the repo, or the repo itself."""
    return next((folder for folder in (repo, *repo.parents) if (folder / ".git").exists()), repo)


def look_out(repo: Path, fresh: Path) -> Iterator[str]:
    """Yield what no patch can decide."""
    own = tomlkit.parse(text(repo / PYPROJECT)) if (repo / PYPROJECT).is_file() else {}
    template: Any = tomlkit.parse(text(fresh / PYPROJECT))
    yield from of_git(repo)
    yield from of_recipes(repo, fresh)
    yield from too_old(own, template)
    yield from of_python(repo, own)
    yield from unread(repo, own, template)
    if any(path.suffix in {".py", ".ipynb"} for path in code(repo)):
        fix = "`uv run just fix` formats it, extend-exclude of ruff leaves it out"
        yield f"`just check` judges your code too: {fix}"
    if own:
        yield from of_package(repo, fresh, own, template)


def of_git(repo: Path) -> Iterator[str]:
    """Yield what is otherwise in git than the template has it."""
    if (top := top_of(repo)) != repo:
        yield f"the repository is {top}: its hooks and workflows are not those that come here"
    known = [repo / name for name in listed(repo, "data/raw")]
    if any(path.stat().st_size for path in known if path.is_file()):
        yield (
            "git has files of data/raw, where DVC cannot take them: "
            "git rm -r --cached data/raw, then git commit; they stay in the folder"
        )
    if not (repo / ".gitattributes").exists():
        yield "git will write text files with LF, on Windows too: .gitattributes asks for it"


def of_recipes(repo: Path, fresh: Path) -> Iterator[str]:
    """Yield which recipes of yours go before those of the template."""
    theirs = set().union(*(recipe_names(path) for path in fresh.glob("just/*.just")))
    if both := [name for name in recipe_names(repo / "justfile") if name in theirs]:
        listed = ", ".join(both)
        yield f"the recipes {listed} stay yours, and the template's do not run: rename yours"


def recipe_names(path: Path) -> list[str]:
    lines = text(path).splitlines() if path.is_file() else []
    return [found[1] for line in lines if (found := RECIPE.match(line))]


def of_python(repo: Path, own: Any) -> Iterator[str]:
    """Yield which Python is asked for, where the packages have none."""
    pythons = str(own.get("project", {}).get("requires-python", ""))
    if pythons and not narrowed(pythons):
        yield f"yours says Python {pythons}, the packages exist for 3.11 to 3.13: try your code"
    if (repo / ".python-version").exists():
        version = text(repo / ".python-version").strip()
        if not re.match(r"3\.1[123]\b", version):
            yield f".python-version says {version}; the packages exist for 3.11 to 3.13"


def of_package(repo: Path, fresh: Path, own: Any, template: Any) -> Iterator[str]:
    """Yield what a pyproject.toml has to say of the package that comes, and of its command."""
    if "poetry" in own.get("tool", {}) and "project" not in own:
        yield "run `uvx migrate-to-uv` and then this again: uv does not read [tool.poetry]"
    elif "project" not in own:
        yield "the patch adds [project]: move there what setup.cfg or setup.py says"
    backend = builders.backend(own)
    if builders.build_both(repo, tomlkit.parse(tomlkit.dumps(own)), package(fresh)):
        if backend == builders.FLIT:
            yield "flit builds one module, so the patch lets hatchling build yours and the new one"
    elif backend == builders.UV:
        yield "uv_build takes all packages from one folder: move yours to src, and drop module-root"
    else:
        yield f"{backend} builds your package: it has to find src/{package(fresh)} too"
    scripts: Any = own.get("project", {}).get("scripts", {})
    wanted: Any = template["project"]["scripts"]
    for name in set(wanted) & set(scripts):
        if scripts[name] != wanted[name]:
            yield f"the command {name} stays yours: python -m {package(fresh)} is ours"


def code(repo: Path) -> Iterator[Path]:
    """Yield the files of yours, but for those of hidden folders, as environments are."""
    for path in repo.iterdir():
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield from code(path)
        elif path.is_file():
            yield path


def unread(repo: Path, own: Any, template: Any) -> Iterator[str]:
    """Yield what stands where no command reads it, once pyproject.toml has the template's lines."""
    for name, tables in SETTINGS.items():
        lines = text(repo / name).splitlines() if (repo / name).is_file() else []
        for table, tool in tables:
            if table in lines and tool not in own.get("tool", {}):
                yield f"{tool} reads pyproject.toml and no longer {table} of {name}: move it there"
    for tool, others in BEFORE_PYPROJECT.items():
        for name in others:
            if (repo / name).exists():
                yield f"{tool} reads your {name} and not {TABLES[tool]} in pyproject.toml"
    groups = (*template["dependency-groups"].values(), *own.get("dependency-groups", {}).values())
    known = {"", "python", *(named(str(item)) for item in itertools.chain(*groups))}
    if names := [name for name in dict.fromkeys(elsewhere(own)) if name not in known]:
        listed = " ".join(f"'{name}'" for name in names)
        yield f"uv reads no list of poetry, pdm or hatch: uv add --dev {listed}"
    if not own and ((repo / "setup.py").exists() or (repo / "setup.cfg").exists()):
        yield (
            "pyproject.toml says what is installed, and no longer setup.py: move there its name, "
            "packages and requirements"
        )
    project: Any = own.get("project", {})
    if not project.get("dependencies") and "dependencies" not in project.get("dynamic", []):
        for path in sorted([*repo.glob("*requirements*.txt"), *repo.glob("requirements/*.txt")]):
            name = path.relative_to(repo).as_posix()
            yield f"{name} is not read: uv add --requirements {name}"
        for path in sorted(repo / name for name in LISTS if (repo / name).is_file()):
            yield f"{path.name} is not read: uv add what it lists, by the names of PyPI"


def elsewhere(own: Any) -> Iterator[str]:
    """Yield the packages of development that a pyproject.toml lists where uv does not look."""
    tool: Any = own.get("tool", {})
    poetry, hatch = tool.get("poetry", {}), tool.get("hatch", {}).get("envs", {}).values()
    if "project" in own:  # otherwise all of it has to move
        groups = [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
        for packages in (*groups, poetry.get("dev-dependencies", {})):
            yield from packages
    lists = [*tool.get("pdm", {}).get("dev-dependencies", {}).values()]
    lists += [env.get(key, []) for env in hatch for key in ("dependencies", "extra-dependencies")]
    for item in (str(item) for items in lists for item in items):
        yield re.split(r"[^\w.-]", item, maxsplit=1)[0] if not item.startswith("-") else ""
