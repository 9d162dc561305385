"""Every rendered file has one owner, and each owner's files keep that owner's rules."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pathspec import PathSpec
from rendering import (
    ANSWERS_FILE,
    CONFIG,
    EXTRAS,
    LEVELS,
    OWNERS,
    TASKS,
    rendered_files,
    text_files,
)


def matcher(patterns: list[str]) -> PathSpec[Any]:
    return PathSpec.from_lines("gitignore", patterns)


OWNED = {owner: matcher(CONFIG[owner]["default"]) for owner in OWNERS}


def owners_of(path: Path) -> list[str]:
    return [owner for owner, patterns in OWNED.items() if patterns.match_file(path)]


def test_every_file_has_exactly_one_owner(repo: Path) -> None:
    owners = {str(path): owners_of(path) for path in rendered_files(repo)}

    assert {path: found for path, found in owners.items() if len(found) != 1} == {}


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("src/a/model.py", "owner_yours"),
        ("src/a/_mlops/model.py", "owner_template"),
        ("tests/test_model.py", "owner_yours"),
        ("tests/_mlops/test_interface.py", "owner_template"),
        ("data/raw/2013-01.parquet", "owner_yours"),
        ("pyproject.toml", "owner_shared"),
        (".copier-answers.yml", "owner_template"),
    ],
)
def test_the_owner_of_a_file(path: str, owner: str) -> None:
    assert owners_of(Path(path)) == [owner]


@pytest.mark.parametrize(
    "path", ["src/a/other.py", "src/a/b/model.py", "other.md", "tests/helper.py"]
)
def test_a_file_that_nobody_claimed_has_no_owner(path: str) -> None:
    assert owners_of(Path(path)) == []


def test_patterns_are_rooted_and_name_no_folder_by_a_slash() -> None:
    """A pattern with a trailing slash misses the folder itself, which copier then makes, empty."""
    owned = [pattern for owner in OWNERS for pattern in CONFIG[owner]["default"]]
    added = [pattern for files in CONFIG["levels"]["default"].values() for pattern in files]

    assert [p for p in owned + added if not re.fullmatch(r"/\S*[^/\s]", p)] == []
    assert len(owned) == len(set(owned))
    assert len(added) == len(set(added))


def test_a_level_adds_nothing_under_a_name_that_users_take_first() -> None:
    own = (
        r"/(\.github/workflows/mlops-|\.gitlab/ci/mlops-|docs/handbook/|just/|ops\b|"
        r"src/\*/_mlops/|tests/_mlops/).*"
    )
    added = [pattern for files in CONFIG["levels"]["default"].values() for pattern in files]

    assert [pattern for pattern in added if not re.fullmatch(own, pattern)] == []


def test_seeds_are_listed_once() -> None:
    assert CONFIG["_skip_if_exists"] is CONFIG["owner_yours"]["default"]


def test_every_pattern_matches_a_file(
    generate: Callable[..., Path], on_gitlab: Callable[[int], Path]
) -> None:
    files = rendered_files(generate(maturity_level=max(LEVELS), extras=EXTRAS))
    files += rendered_files(on_gitlab(max(LEVELS)))
    # `.env` is never rendered; it is listed so that no later version can overwrite it.
    patterns = {p for owner in OWNERS for p in CONFIG[owner]["default"]} - {"/.env"}

    unused = {p for p in patterns if not any(map(matcher([p]).match_file, files))}

    assert unused == set()


def head(content: str) -> str:
    """Return what a reader sees first: two lines, after a shebang or a document start."""
    lines = [line for line in content.splitlines() if not re.match(r"#!|---$", line)]
    return "\n".join(lines[:2])


def test_the_files_of_extras_have_one_owner_and_say_so(generate: Callable[..., Path]) -> None:
    repo = generate(extras=EXTRAS, maturity_level=max(LEVELS))

    test_every_file_has_exactly_one_owner(repo)
    test_the_template_s_files_say_so_and_where_yours_go(repo)


@pytest.mark.parametrize("level", LEVELS)
def test_the_files_for_gitlab_have_one_owner_and_say_so(
    on_gitlab: Callable[[int], Path], level: int
) -> None:
    test_every_file_has_exactly_one_owner(on_gitlab(level))
    test_the_template_s_files_say_so_and_where_yours_go(on_gitlab(level))


def test_the_template_s_files_say_so_and_where_yours_go(repo: Path) -> None:
    silent = [
        str(path)
        for path, content in text_files(repo)
        if owners_of(path) == ["owner_template"]
        and path != Path(ANSWERS_FILE)
        and not re.search(r"the template's.*\byours?\b", head(content), re.I | re.S)
    ]

    assert silent == []


UNIQUE = {
    "project_name": "Uniquename Sentinel",
    "description": "Uniquedescription sentinel",
    "consumer": "Uniqueconsumer Sentinel",
    "owner_name": "Uniqueowner Sentinel",
    "owner_email": "uniquemail@sentinel.example",
    "data_remote": "s3://uniquebucket/sentinel",
    "latency_p95_ms": 43217,
}


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_in_a_file_of_yours_stands_in_none_of_the_template_s(
    generate: Callable[..., Path], task: str
) -> None:
    """Two copies would part ways: one is never updated, the other always."""
    repo = generate(**UNIQUE, project_slug="sentinel", package_name="sentinel", task=task)
    found: dict[str, dict[str, list[str]]] = {}
    for path, content in text_files(repo):
        if path != Path(ANSWERS_FILE):
            for answer, value in UNIQUE.items():
                if str(value) in content:
                    found.setdefault(answer, {}).setdefault(owners_of(path)[0], []).append(
                        str(path)
                    )

    twice = {
        a: owners
        for a, owners in found.items()
        if {"owner_yours", "owner_template"} <= owners.keys()
    }
    assert twice == {}
    assert found.keys() == UNIQUE.keys(), "an answer that no file uses need not be asked"
