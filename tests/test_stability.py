"""The page of what stays: what it says is so, and no later version takes anything away."""

import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import stability
from packaging.version import InvalidVersion, Version
from records import ELSEWHERE, FILES, PRINTED, RECORDS, unlike
from rendering import LEVELS, ROOT, TASKS, commit_all, git
from stability import broken

PAGE = "docs/reference/stability.md"
CHANGELOG = "CHANGELOG.md"


@pytest.fixture(scope="session")
def page(repos: Callable[[int, str], Path]) -> str:
    """Return the page as the code has it."""
    return stability.page(repos(max(LEVELS), TASKS[0]))


def earlier(page: str, old: str, new: str) -> str:
    """Return a made-up earlier page; `new` stands on today's."""
    assert page.count(new) == 1, new
    return page.replace(new, old)


@pytest.mark.parametrize(
    ("line", "was", "says"),
    [
        (
            "| `gate --json` | `flag` | `off` |\n",
            "| `gate --json` | `flag` | `off` |\n| `gate --quick` | `flag` | `off` |\n",
            "Arguments and options gate --quick: gone",
        ),
        (
            "| `serve --port` | `integer` | `3000` |",
            "| `serve --port` | `integer` | `8000` |",
            "Arguments and options serve --port: no longer 8000",
        ),
        (
            "| `monitoring.alarms` |",
            "| `monitoring.warnings` |",
            "contract.yaml monitoring.warnings: gone",
        ),
        (
            "| `slices.min_rows` | `int` |",
            "| `slices.min_rows` | `float` |",
            "contract.yaml slices.min_rows: no longer float",
        ),
        (
            '| `quality.better` | `"higher"`, `"lower"` |',
            '| `quality.better` | `"higher"`, `"lower"`, `"nearer"` |',
            'contract.yaml quality.better: no longer "nearer"',
        ),
        ("| `verdict` | `str` | `always` |\n| `reason`", "| `reason`", ""),
        (
            "| `probability_*` | `float` | at times |",
            "| `probability_*` | `float` | `always` |",
            "predict --output probability_*: no longer always",
        ),
        ("| `trigger --json` | `flag` | `off` |\n", "", ""),
        (
            "| `predict --input` | `path` | required |\n",
            "",
            "Arguments and options predict --input: newly required",
        ),
        (
            "| `quality.metric` | `str` | required |",
            '| `quality.metric` | `str` | `"roc_auc"` |',
            'contract.yaml quality.metric: no longer "roc_auc"',
        ),
        ('| `quality.better` | `"higher"`, `"lower"` |', '| `quality.better` | `"higher"` |', ""),
        ("| `slices.accept` | `float or None` | `null` |\n", "", ""),
        ("| `evaluate` | 0 |", "| `evaluate` | 1 |", ""),
        ("Fixtures.", "Other words.", ""),
    ],
)
def test_what_an_earlier_page_promised(page: str, line: str, was: str, says: str) -> None:
    assert broken(earlier(page, was, line), page) == ([says] if says else [])


def test_what_was_required_may_become_optional(page: str) -> None:
    line = "| `slices.columns` | `list[str]` | `[]` |"
    before = earlier(page, line.replace("`[]`", "required"), line)

    assert broken(before, page) == []
    assert broken(page, before) == ["contract.yaml slices.columns: no longer []"]


def test_a_new_verb_may_require_something(page: str) -> None:
    before = earlier(page, "", "| `predict` | 0 |\n")
    before = re.sub(r"^\| `predict --\w+` .*\n", "", before, flags=re.MULTILINE)

    assert broken(before, page) == []


# file, what stands there, what takes its place, and what no longer holds
CHANGES = [
    ("serving/serve.py", "default=3000", "default=8000", "serve --port: no longer 3000"),
    ("registry/cost.py", '"--by"', '"--per"', "cost --by: gone"),
    (
        "registry/register.py",
        '"--force", ',
        '"--force", required=True, ',
        "register --force: no longer none",
    ),
    ("delivery/rollout.py", "def abort(", "def cancel(", "rollout abort: gone"),
    (
        "delivery/environments.py",
        '"staging", ',
        "",
        "release ENVIRONMENT: no longer staging",
    ),
    ("interface.py", "personal: bool = False", "", "Column personal: gone"),
    (
        "interface.py",
        "default=0.2, gt=0, lt=1)",
        "gt=0, lt=1)",
        "featurize.holdout_share: no longer 0.2",
    ),
    ("interface.py", '"hellinger", ', "", 'drift.text.method: no longer "hellinger"'),
    ("interface.py", "self, path: Path", "self, file: Path", "data.read_batch: no longer (path"),
    ("errors.py", "exit_code = 3", "exit_code = 5", "Exit codes 3: gone"),
    ("monitoring/checks.py", "RETRAIN: 10", "RETRAIN: 12", "Exit codes monitor: 10: gone"),
    ("serving/champion.py", '"CHAMPION_DIR"', '"CHAMPION"', "variables CHAMPION_DIR: gone"),
    (
        "serving/champion.py",
        "def example(self",
        "def example(self, row: int",
        "Champion.example: no",
    ),
    ("serving/guard.py", "error(415", "error(400", "status codes: no longer 415"),
    ("serving/added/follow.py", '["version"]', '["number"]', "model_version_workers: no longer"),
    ("registry/versions.py", '"challenger"', '"rival"', "registry challenger: gone"),
]


def test_the_page_follows_the_code(
    repos: Callable[[int, str], Path], tmp_path: Path, page: str
) -> None:
    copy = Path(shutil.copytree(repos(max(LEVELS), TASKS[0]), tmp_path / "late-flights"))
    for file, was, now, _ in CHANGES:
        path = copy / "src/late_flights/_mlops" / file
        text = path.read_text(encoding="utf-8")
        assert was in text, file
        path.write_text(text.replace(was, now, 1), encoding="utf-8")
    found = broken(page, stability.page(copy))

    assert [lost for *_, lost in CHANGES if not any(lost in one for one in found)] == []


def test_a_page_promises_all_of_itself(page: str) -> None:
    names = re.findall(r"^\| `", page, re.MULTILINE)

    assert len(names) > 600
    assert len(stability.promises(page)) == len(names), "a name stands twice below a heading"
    assert len(broken(page, "")) == len(names)


def newest_page(folder: Path) -> tuple[str, str]:
    """Return the newest final tag before this commit, and its page; nothing before the first."""
    versions: dict[Version, str] = {}
    for tag in git(folder, "tag", "--list", "--no-contains", "HEAD").split():
        try:
            versions[Version(tag)] = tag
        except InvalidVersion:
            continue
    final = [version for version in versions if not version.is_prerelease]
    if not final:
        return "", ""
    tag = versions[max(final)]
    shown = subprocess.run(
        ["git", "show", f"{tag}:{PAGE}"], cwd=folder, capture_output=True, text=True
    )
    return tag, shown.stdout


def major(changelog: str) -> int:
    """Return the major version that the newest section is about; 0 while it has no number."""
    found = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    try:
        return Version(found[1]).major if found else 0
    except InvalidVersion:
        return 0


def taken_away(folder: Path, page: str) -> list[str]:
    """Name what the newest tag's page has and this one lacks; a new major version may do that."""
    tag, before = newest_page(folder)
    changelog = (folder / CHANGELOG).read_text(encoding="utf-8")
    return broken(before, page) if tag and major(changelog) <= Version(tag).major else []


def test_nothing_of_the_newest_tag_s_page_is_gone(page: str) -> None:
    if not newest_page(ROOT)[1]:
        pytest.skip("nothing was released yet: there is no tag with a page")

    assert taken_away(ROOT, page) == [], "only a new major version takes something away"


@pytest.fixture
def released(tmp_path: Path, page: str) -> Path:
    """Return a repo with the tags v1.9.0 and v1.10.0, whose page promised an option more."""
    (tmp_path / PAGE).parent.mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    more = "| `gate --quick` | `flag` | `off` |\n| `gate --json` |"
    for tag, text in (("v1.9.0", page), ("v1.10.0", page.replace("| `gate --json` |", more))):
        (tmp_path / PAGE).write_text(text, encoding="utf-8")
        (tmp_path / CHANGELOG).write_text(f"# Changelog\n\n## {tag}\n", encoding="utf-8")
        commit_all(tmp_path, tag)
        git(tmp_path, "tag", tag)
    (tmp_path / CHANGELOG).write_text("# Changelog\n\n## Unreleased\n\n## v1.10.0\n", "utf-8")
    commit_all(tmp_path, "Later")
    git(tmp_path, "tag", "v1.11.0rc1")
    return tmp_path


def test_the_page_of_the_newest_tag_counts(released: Path, page: str) -> None:
    assert taken_away(released, page) == ["Arguments and options gate --quick: gone"]


def test_the_tag_of_this_commit_is_not_its_own_measure(released: Path, page: str) -> None:
    git(released, "tag", "v1.11.0")

    assert taken_away(released, page) == ["Arguments and options gate --quick: gone"]


@pytest.mark.parametrize(("version", "may"), [("v1.11.0", False), ("v2.0.0", True)])
def test_a_new_major_version_may_take_something_away(
    released: Path, page: str, version: str, may: bool
) -> None:
    (released / CHANGELOG).write_text(f"# Changelog\n\n## {version}\n", encoding="utf-8")

    assert (taken_away(released, page) == []) == may


def test_a_repo_without_a_tag_promised_nothing(tmp_path: Path, page: str) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / CHANGELOG).write_text("# Changelog\n\n## Unreleased\n", encoding="utf-8")
    commit_all(tmp_path, "First")

    assert newest_page(tmp_path) == ("", "")
    assert taken_away(tmp_path, page) == []


# What is declared, because the code does not show it.


def glue(repos: Callable[[int, str], Path]) -> list[str]:
    """Return the text of each file of the template's code."""
    found = repos(max(LEVELS), TASKS[0]).glob("src/*/_mlops/**/*.py")
    return [path.read_text(encoding="utf-8") for path in found]


def test_every_event_of_the_journal_is_declared(repos: Callable[[int, str], Path]) -> None:
    written = re.compile(r'\brecord\(\s*"(.+?)"|(?<!def )make_champion\([^"]*"(.+?)"')
    events = {one or other for text in glue(repos) for one, other in written.findall(text)}
    declared = {name.partition(": ")[2] for name in RECORDS if name.startswith("models/journal")}

    assert events == declared


def test_every_metric_in_a_file_is_declared(repos: Callable[[int, str], Path]) -> None:
    written = re.compile(r'["\'](monitor|rollout)_([a-z_]+)(?=[ {])')
    found = {f"{first}_{rest}" for text in glue(repos) for first, rest in written.findall(text)}

    assert found == stability.DECLARED["metrics"].keys()


def test_every_verb_that_prints_json_is_declared(page: str) -> None:
    promised = {name for heading, name in stability.promises(page) if name.endswith(" --json")}

    assert promised == {name for name in RECORDS if name.endswith(" --json")}


def test_every_record_is_compared_with_a_real_one() -> None:
    known = {*chain(*FILES.values(), *PRINTED.values()), *ELSEWHERE}

    assert known == RECORDS.keys()


SHAPE: dict[str, Any] = {
    "name": "str",
    "share?": "float or None",
    "own!": "Any",
    "parts": [{"rows": "int", "*": "float"}],
}


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        ({"name": "a", "parts": []}, []),
        ({"name": "a", "share": 1, "own": {}, "parts": [{"rows": 1, "auc": 0.5}]}, []),
        ({"name": "a", "share": None, "parts": []}, []),
        ({"parts": []}, [".name: missing"]),
        ({"name": "a", "parts": [], "title": 1}, [".title: not on the page"]),
        ({"name": 1, "parts": []}, [".name: 1 is no str"]),
        ({"name": "a", "parts": {}}, [".parts: {} is no list"]),
        ({"name": "a", "parts": [1]}, [".parts[]: 1 has no keys"]),
        ({"name": "a", "parts": [{"rows": True}]}, [".parts[].rows: True is no int"]),
        ({"name": "a", "parts": [{"rows": 1, "auc": "b"}]}, [".parts[].auc: 'b' is no float"]),
    ],
)
def test_a_record_beside_its_shape(found: Any, differs: list[str]) -> None:
    assert unlike(SHAPE, found) == differs
