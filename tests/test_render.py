"""What a fresh repo consists of, and that each file is what its name says."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from filecmp import cmp
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from parsing import OneOfEachKey, parse, parse_yaml
from rendering import (
    ANSWERS_FILE,
    CONFIG,
    EXTRAS,
    LEVELS,
    LOWEST,
    ROOT,
    TASKS,
    rendered_files,
    text_files,
)

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "uv run pytest tests/test_render.py -k golden --write-golden"

ANSWERS = sorted(name for name, value in CONFIG.items() if not name.startswith("_"))
TAG_OF_OURS = re.compile(r"\{\{[-+]?\s*(_copier|" + "|".join(ANSWERS) + r")\w*\b")
ANY_TAG = re.compile(r"\{\{|\}\}|\{%|%\}|(?<!\$)\{#")
# Braces that belong to the file's own language; what is left of it may hold no tag.
LEGITIMATE = {
    ".github/workflows/*.yml": r"\$\{\{ [^{}]+ \}\}",
    "justfile": r"\{\{[^{}]+\}\}",
    "*.just": r"\{\{[^{}]+\}\}",
    "*.py": r"\{\{|\}\}",
    "*.ipynb": r"\}\}|\{\{",
    "*.json": r"\}\}|\{\{",
    "*.py.j2": r".*",
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("task", TASKS)
def test_golden_list_of_files(
    repos: Callable[[int, str], Path], level: int, task: str, pytestconfig: pytest.Config
) -> None:
    golden = GOLDEN / f"level-{level}.txt"
    found = "".join(f"{path.as_posix()}\n" for path in rendered_files(repos(level, task)))
    if pytestconfig.getoption("--write-golden"):
        golden.write_text(found, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == found, f"if this is meant: {REWRITE}"


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_adds_what_its_golden_list_says_and_edits_no_file(
    repos: Callable[[int, str], Path],
    generate: Callable[..., Path],
    extra: str,
    pytestconfig: pytest.Config,
) -> None:
    level = LOWEST.get(extra, 0)
    without = repos(level, TASKS[0])
    repo = generate(extras=[extra], maturity_level=level)
    golden = GOLDEN / f"level-{level}-{extra}.txt"
    before, files = rendered_files(without), rendered_files(repo)
    found = "".join(f"{path.as_posix()}\n" for path in files)
    if pytestconfig.getoption("--write-golden"):
        golden.write_text(found, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == found, f"if this is meant: {REWRITE}"
    assert set(before) < set(files)
    changed = {path.as_posix() for path in before if not cmp(without / path, repo / path, False)}
    assert changed <= {ANSWERS_FILE}


@pytest.mark.parametrize("level", LEVELS)
def test_a_provider_adds_what_its_golden_list_says_and_edits_no_file(
    repos: Callable[[int, str], Path],
    on_gitlab: Callable[[int], Path],
    level: int,
    pytestconfig: pytest.Config,
) -> None:
    github, gitlab = repos(level, TASKS[0]), on_gitlab(level)
    golden = GOLDEN / f"level-{level}-gitlab.txt"
    others, files = set(rendered_files(github)), set(rendered_files(gitlab))
    found = "".join(f"{path.as_posix()}\n" for path in sorted(files - others))
    if pytestconfig.getoption("--write-golden"):
        golden.write_text(found, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == found, f"if this is meant: {REWRITE}"
    assert {path.parts[0] for path in others - files} == {".github"}
    both = files & others
    changed = {path.as_posix() for path in both if not cmp(github / path, gitlab / path, False)}
    assert changed == {ANSWERS_FILE}
    test_no_folder_is_empty(gitlab)
    test_no_file_is_empty(gitlab)
    test_no_tag_is_left(gitlab)
    test_every_file_parses(gitlab)
    test_every_file_is_plain_text_to_git_and_to_people(gitlab)
    test_no_file_names_a_place_on_this_machine(gitlab)


@pytest.mark.parametrize("task", TASKS)
def test_a_level_only_adds_files(repos: Callable[[int, str], Path], task: str) -> None:
    for below, here in pairwise(repos(level, task) for level in LEVELS):
        files = rendered_files(below)
        assert set(files) < set(rendered_files(here))
        changed = {path.as_posix() for path in files if not cmp(below / path, here / path, False)}
        # the packages that a level needs are one block; the answers say the level
        assert changed <= {"pyproject.toml", ANSWERS_FILE}


def test_no_folder_is_empty(repo: Path) -> None:
    assert [p for p in repo.rglob("*") if p.is_dir() and not any(p.iterdir())] == []


def test_no_file_is_empty(repo: Path) -> None:
    """An update takes an empty file under a new name for one of the user's, and keeps it."""
    assert [path for path in rendered_files(repo) if not (repo / path).stat().st_size] == []


def leftover_tags(path: Path, content: str) -> list[str]:
    """Return the lines that still hold a tag of the template's, in any spacing."""
    foreign = [braces for name, braces in LEGITIMATE.items() if fnmatch(path.as_posix(), name)]
    return [
        line
        for line in content.splitlines()
        if TAG_OF_OURS.search(line) or ANY_TAG.search(re.sub("|".join(foreign) or "(?!)", "", line))
    ]


def test_no_tag_is_left(repo: Path) -> None:
    left = {str(path): leftover_tags(path, content) for path, content in text_files(repo)}

    assert {path: lines for path, lines in left.items() if lines} == {}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", "# {{project_name}}"),
        ("README.md", "# {{-   project_name }}"),
        ("a.py", 'x = f"{%- if task %}"'),
        (".github/workflows/a.yml", "name: {{ task }}"),
        (".github/workflows/a.yml", "name: ${{ package_name }}"),
        ("justfile", "x:\n  echo {{package_name}}"),
        ("params.yaml", "{# gone? #}"),
    ],
)
def test_a_tag_that_is_left_is_found(path: str, content: str) -> None:
    assert leftover_tags(Path(path), content) != []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".github/workflows/a.yml", "ref: ${{ github.ref }}"),
        ("just/core.just", "x file:\n  echo {{ file }} ${#file}"),
        ("a.py", 'f"{{{x}}}"; {"a": {"b": 1}}'),
    ],
)
def test_braces_of_another_language_are_no_tags(path: str, content: str) -> None:
    assert leftover_tags(Path(path), content) == []


def test_every_file_parses(repo: Path) -> None:
    for path, content in text_files(repo):
        try:
            parse(path, content)
        except Exception as problem:
            pytest.fail(f"{path}: {problem}")


def test_every_file_is_plain_text_to_git_and_to_people(repo: Path) -> None:
    for path, content in text_files(repo):
        assert "\r" not in content, path
        assert content == "" or content.endswith("\n"), f"{path}: no newline at the end"
        assert not content.endswith("\n\n"), f"{path}: empty lines at the end"
        trailing = [n for n, line in enumerate(content.splitlines(), 1) if line != line.rstrip()]
        assert trailing == [], f"{path}: trailing space in lines {trailing}"


def test_no_file_name_is_hard_to_use(repo: Path) -> None:
    assert [p for p in rendered_files(repo) if re.search(r'[\s":|<>?*\\]', str(p))] == []


def test_no_file_names_a_place_on_this_machine(repo: Path) -> None:
    places = [r"/(home|Users)/\w+", r"/root/", *map(re.escape, map(str, (ROOT, repo)))]
    private = re.compile("|".join(places))
    for path, content in text_files(repo):
        without_source = re.sub(r"^_src_path: .*$", "", content, flags=re.MULTILINE)
        assert not private.search(without_source), path


def test_every_module_says_what_it_answers(repo: Path) -> None:
    for path in rendered_files(repo):
        if path.suffix == ".py":
            assert ast.get_docstring(tree(repo / path)), path


def test_each_level_has_the_modules_that_its_files_import(repo: Path) -> None:
    source = repo / "src" / "late_flights"
    known = {"NAME", "SOURCE", *(path.stem for path in source.rglob("*"))}
    for path in (repo / path for path in rendered_files(repo)):
        if path.suffix != ".py":
            continue
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            names = {one.name for one in node.names}
            if node.module == "package":  # of the tests: it finds a module by its name
                assert names <= known, path
            elif not base.with_suffix(".py").is_file():
                init = base / "__init__.py"
                own = tree(init) if init.exists() else None
                inside = defined(own) | {one.stem for one in base.glob("*")}
                assert names <= inside, (path, names - inside)


def tree(path: Path) -> ast.Module:
    parsed: ast.Module = parse(path, path.read_text(encoding="utf-8"))
    return parsed


def defined(module: ast.Module | None) -> set[str]:
    """Return the names that a module binds."""
    found = set()
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.alias):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found


def workflows(repo: Path) -> Iterator[tuple[Path, str, dict[Any, Any]]]:
    for path in sorted((repo / ".github" / "workflows").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        yield path, text, parse_yaml(text)[0]


def values(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each scalar below a YAML node with the key it stands under."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from values(child, str(name))
    elif isinstance(node, list):
        for child in node:
            yield from values(child, key)
    else:
        yield key, node


def everything_with_workflows(repos: Callable[[int, str], Path]) -> list[Path]:
    return [ROOT, *(repos(level, task) for level in LEVELS for task in TASKS)]


def test_versions_in_workflows_are_text(repos: Callable[[int, str], Path]) -> None:
    for folder in everything_with_workflows(repos):
        for path, _, workflow in workflows(folder):
            for key, value in values(workflow):
                if "version" in key or key == "python":
                    assert isinstance(value, str), f"{path}: {key}: {value!r} is a number"


def test_every_action_is_pinned_to_a_commit(repos: Callable[[int, str], Path]) -> None:
    pinned = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    for folder in everything_with_workflows(repos):
        for path, text, _ in workflows(folder):
            for line in text.splitlines():
                if re.match(r"\s*(- )?uses:", line) and "uses: ./" not in line:
                    assert pinned.search(line), f"{path}: {line.strip()}"


def test_an_action_has_one_version_everywhere(repos: Callable[[int, str], Path]) -> None:
    pins: dict[str, set[str]] = {}
    for folder in everything_with_workflows(repos):
        for _, text, _ in workflows(folder):
            for action, commit in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", text):
                pins.setdefault(action, set()).add(commit)

    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_workflows_start_with_no_more_than_reading(repos: Callable[[int, str], Path]) -> None:
    for folder in everything_with_workflows(repos):
        for path, _, workflow in workflows(folder):
            assert workflow.get("permissions") in ({"contents": "read"}, {}), path
            for name, job in workflow["jobs"].items():
                limited = "timeout-minutes" in job or "uses" in job  # a called one has its own
                assert limited, f"{path}: {name} may hang for six hours"


def test_no_event_text_is_pasted_into_a_shell(repos: Callable[[int, str], Path]) -> None:
    for folder in everything_with_workflows(repos):
        for path, _, workflow in workflows(folder):
            for key, value in values(workflow):
                assert key != "run" or "${{" not in str(value), f"{path}: pass it in env: {value}"


def test_yaml_with_a_key_given_twice_is_refused() -> None:
    with pytest.raises(yaml.YAMLError, match="given twice"):
        yaml.load("a: 1\na: 2\n", Loader=OneOfEachKey)


@pytest.mark.parametrize("command", ["format --check", "check"])
def test_the_repo_s_own_formatter_has_nothing_to_change(repo: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command.split(), "--no-cache", "."],
        cwd=repo,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
