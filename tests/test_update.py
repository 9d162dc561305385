"""An update loses nothing that somebody did in a repo, and brings everything that is new.

The template that is updated to is made here: a copy of the template of today
that offers one more level, and a next version of that copy.
"""

import shutil
from collections.abc import Callable
from functools import partial
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pathspec import PathSpec
from rendering import (
    ANSWERS_FILE,
    CONFIG,
    LEVELS,
    commit_all,
    git,
    once,
    render,
    text_files,
    update,
)
from used_repo import UsedRepo, conflicts, contents, losses, uv_add, work_in

OLD, NEW = "v1000.0.0", "v1000.1.0"
HIGHEST = max(LEVELS)
NEXT = HIGHEST + 1

# The level that only exists here: one file of the template's and one seed.
LEVEL_FILE = Path("src/late_flights/_mlops/project/beyond.py")
LEVEL_SEED = Path("tests/test_beyond.py")
# What only the next version has.
VERSION_FILE = Path("docs/handbook/what-is-new.md")
VERSION_LINES = {
    Path("justfile"): "# a line that the next version has",
    Path(".gitignore"): "/next-version/",
    Path("pyproject.toml"): '"next-version>=1",',
}

JOURNEYS = [
    *((low, high, OLD) for low, high in combinations([*LEVELS, NEXT], 2)),
    *((level, level, NEW) for level in [*LEVELS, NEXT]),
    *((low, high, NEW) for low, high in combinations([*LEVELS, NEXT], 2)),
]


def journeys(*usual: tuple[int, int, str]) -> list[Any]:
    """Return every pair of levels and versions; a few are usual, the others for the long run."""
    return [
        pytest.param(
            *journey,
            id="level-{}-to-{}-at-{}".format(*journey),
            marks=pytest.mark.e2e if journey in usual else pytest.mark.all,
        )
        for journey in JOURNEYS
    ]


CLIMB, RAISE = (0, HIGHEST, OLD), (HIGHEST, NEXT, OLD)
BUMP, BOTH = (HIGHEST, HIGHEST, NEW), (HIGHEST, NEXT, NEW)


def add_level(template: Path) -> None:
    """Offer one more level, of one file of the template's and one seed."""
    path = template / "copier.yml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["maturity_level"]["choices"]["one more"] = {
        "value": NEXT,
        "validator": f"{{{{ level_problem(_copier_conf, {NEXT}) }}}}",
    }
    added = config["levels"]["default"].setdefault(NEXT, [])
    added += ["/src/*/_mlops/project/beyond.py", f"/{LEVEL_SEED}"]
    path.write_text(yaml.safe_dump(config, sort_keys=False, width=1000), encoding="utf-8")
    source = template / "template"
    package = source / "src" / "{{package_name}}" / "_mlops" / "project"
    package.mkdir(parents=True, exist_ok=True)
    (package / LEVEL_FILE.name).write_text('"""The template\'s."""\n', encoding="utf-8")
    (source / LEVEL_SEED).parent.mkdir(exist_ok=True)
    (source / LEVEL_SEED).write_text('"""A seed of the level."""\n', encoding="utf-8")


def source_of(template: Path, path: Path) -> Path:
    """Return the file in the template from which a path is rendered."""
    plain = template / "template" / path
    return plain if plain.exists() else plain.with_name(f"{path.name}.jinja")


def insert(path: Path, line: str, after: str | None = None) -> None:
    """Insert a line below the one that reads so, or else below the first."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    below = 1 if after is None else lines.index(f"{after}\n") + 1
    lines.insert(below, f"{line}\n")
    path.write_text("".join(lines), encoding="utf-8")


def next_version(template: Path) -> None:
    """Edit a file of the template's, both shared ones next to where users edit, and add a file."""
    insert(source_of(template, Path("justfile")), VERSION_LINES[Path("justfile")])
    insert(source_of(template, Path(".gitignore")), VERSION_LINES[Path(".gitignore")])
    line = f"    {VERSION_LINES[Path('pyproject.toml')]}"
    insert(source_of(template, Path("pyproject.toml")), line, after="serve = [")
    page = template / "template" / VERSION_FILE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<!-- The template's: yours stands elsewhere. -->\n", encoding="utf-8")


@pytest.fixture(scope="module")
def versions(template: Path, shared: Path) -> Path:
    """Return a template with two versions, both of which offer one more level."""

    def release(copy: Path) -> None:
        shutil.copytree(template, copy, symlinks=True)
        add_level(copy)
        commit_all(copy, "Offer one more level")
        git(copy, "tag", OLD)
        next_version(copy)
        commit_all(copy, "The next version")
        git(copy, "tag", NEW)

    return once(shared / "one-more-level" / "template", release)


@pytest.fixture(scope="module")
def fresh(versions: Path, shared: Path) -> Callable[[str, int], Path]:
    """Return a function that renders a version at a level once; read it only."""

    def fresh_at(version: str, level: int) -> Path:
        folder = shared / "one-more-level" / f"{version}-{level}"
        return once(folder, partial(render, versions, ref=version, maturity_level=level))

    return fresh_at


@pytest.fixture
def start(fresh: Callable[[str, int], Path], tmp_path: Path) -> Callable[[int], Path]:
    """Return a function that gives a repo of the test's own at a level of the old version."""

    def started(level: int) -> Path:
        copy: Path = shutil.copytree(fresh(OLD, level), tmp_path / "repo", symlinks=True)
        return copy

    return started


def yours(repo: Path) -> list[Path]:
    patterns = PathSpec.from_lines("gitignore", CONFIG["owner_yours"]["default"])
    return [path for path, _ in text_files(repo) if patterns.match_file(path)]


def used_repo(repo: Path, level: int) -> UsedRepo:
    return work_in(repo, yours(repo), clashing=[LEVEL_SEED] if level < NEXT else [])


@pytest.mark.parametrize(("low", "high", "version"), journeys(BOTH, CLIMB, RAISE, BUMP))
def test_an_update_loses_nothing(
    start: Callable[[int], Path], low: int, high: int, version: str
) -> None:
    used = used_repo(start(low), low)

    update(used.repo, version, maturity_level=high)

    assert conflicts(used.repo) == []
    assert losses(used) == []
    assert used.before[Path(".env")] == (used.repo / ".env").read_bytes()
    assert (used.repo / LEVEL_FILE).exists() == (high == NEXT)
    if version == NEW:
        assert (used.repo / VERSION_FILE).exists()
        for path, line in VERSION_LINES.items():
            assert line in (used.repo / path).read_text(encoding="utf-8")


@pytest.mark.e2e
@pytest.mark.parametrize(("low", "high", "version"), journeys(BOTH))
def test_a_repo_that_nobody_edited_becomes_a_fresh_one(
    start: Callable[[int], Path],
    fresh: Callable[[str, int], Path],
    low: int,
    high: int,
    version: str,
) -> None:
    repo = start(low)
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")

    update(repo, version, maturity_level=high)

    assert conflicts(repo) == []
    updated, expected = contents(repo), contents(fresh(version, high))
    updated_answers, expected_answers = (
        yaml.safe_load(files.pop(Path(ANSWERS_FILE))) for files in (updated, expected)
    )
    assert updated.keys() == expected.keys()
    assert [path for path in expected if updated[path] != expected[path]] == []
    assert updated_answers == expected_answers


@pytest.mark.e2e
def test_what_was_deleted_stays_deleted(start: Callable[[int], Path]) -> None:
    repo = start(NEXT)
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")
    (repo / LEVEL_SEED).unlink()
    shutil.rmtree(repo / "notebooks")
    commit_all(repo, "Without a seed of the level, and without notebooks")

    update(repo, NEW)

    assert (repo / VERSION_FILE).exists()
    assert not (repo / LEVEL_SEED).exists()
    assert not (repo / "notebooks").exists(), "not even an empty folder"


EXTRA = "workshop"
LAB, RECIPE = Path("workshop/lab.py"), Path("just/workshop.just")
BRINGS = {
    EXTRA: [LAB, RECIPE],
    "airflow": [Path("ops/airflow/dags/pipeline.py")],
    "kubeflow": [Path("ops/kubeflow/graph.py"), Path("just/kubeflow.just")],
    "container": [Path("ops/container/Containerfile"), Path("just/container.just")],
    "ray": [Path("just/ray.just"), Path("src/late_flights/_mlops/engine_ray.py")],
    "kubernetes": [Path("ops/kubernetes/base/deployment.yaml"), Path("just/kubernetes.just")],
}
# where it is added: at a level that can have it, alone, with a version, and with the level
LATER = [
    (EXTRA, 0, 0, OLD),
    pytest.param(EXTRA, 0, 0, NEW, marks=pytest.mark.all),
    pytest.param("airflow", 1, 1, OLD, marks=pytest.mark.all),
    pytest.param("ray", 0, 0, NEW, marks=pytest.mark.all),
    pytest.param("kubeflow", 1, 1, NEW, marks=pytest.mark.e2e),
    pytest.param("kubernetes", 1, HIGHEST, OLD, marks=pytest.mark.e2e),
    pytest.param("airflow", 0, HIGHEST, NEW, marks=pytest.mark.all),
]


@pytest.mark.e2e
@pytest.mark.parametrize(("extra", "low", "high", "version"), LATER)
def test_an_extra_is_added_later_and_loses_nothing(
    start: Callable[[int], Path], extra: str, low: int, high: int, version: str
) -> None:
    used = used_repo(start(low), low)

    update(used.repo, version, maturity_level=high, extras=[extra])

    assert conflicts(used.repo) == []
    assert losses(used) == []
    assert [path for path in BRINGS[extra] if not (used.repo / path).exists()] == []


@pytest.mark.e2e
def test_a_repo_of_before_there_were_extras_gets_one(template: Path, tmp_path: Path) -> None:
    older = shutil.copytree(template, tmp_path / "template", symlinks=True)
    text = (older / "copier.yml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    del config["extras"]
    patterns = chain.from_iterable(config.pop("extra_files")["default"].values())
    added = PathSpec.from_lines("gitignore", patterns)
    rule = [line for line in config["_exclude"][0].splitlines(keepends=True) if line.strip()]
    first = next(n for n, line in enumerate(rule) if "extra_files" in line)
    last = max(n for n, line in enumerate(rule) if "extra_files" in line)
    config["_exclude"] = ["".join(rule[:first] + rule[first + 5 : last])]
    (older / "copier.yml").write_text(yaml.safe_dump(config, sort_keys=False, width=1000))
    source = older / "template"
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if added.match_file(str(path.relative_to(source)).removesuffix(".jinja")):
            path.unlink()
    commit_all(older, "Before there were extras")
    git(older, "tag", OLD)
    git(older, "revert", "--no-edit", "HEAD")
    git(older, "tag", NEW)
    repo = render(older, tmp_path / "repo", OLD)
    assert not (repo / LAB).exists()
    used = used_repo(repo, 0)

    update(repo, NEW)

    assert conflicts(repo) == []
    assert losses(used) == []
    assert not (repo / LAB).exists()
    commit_all(repo, "Update from the template")

    update(repo, NEW, extras=[EXTRA])

    assert conflicts(repo) == []
    assert losses(used) == []
    assert (repo / LAB).exists()


@pytest.mark.e2e
def test_an_extra_that_is_taken_away_takes_only_its_own_files(
    versions: Path, tmp_path: Path
) -> None:
    repo = render(versions, tmp_path / "repo", OLD, extras=[EXTRA])
    used = used_repo(repo, 0)
    used.add(Path("workshop/labs/8-ours/README.md"), "# A lab of ours\n")
    used.settle()
    files = {path for path in contents(repo) if path == RECIPE or path.parts[0] == "workshop"}

    update(repo, OLD, extras=[])

    assert conflicts(repo) == []
    gone = files - contents(repo).keys()
    assert gone == files - {Path("workshop/labs/8-ours/README.md")}
    assert [line for line in losses(used) if Path(line.partition(": ")[0]) not in gone] == []


WORKFLOWS = Path(".github/workflows")


@pytest.mark.e2e
def test_another_provider_loses_nothing_and_comes_back(start: Callable[[int], Path]) -> None:
    used = used_repo(start(HIGHEST), HIGHEST)
    used.add(Path(".gitlab/ci/ours.yml"), "ours:\n  script: [echo]\n")
    used.settle()
    theirs = {path for path in contents(used.repo) if path.match(".github/workflows/mlops-*.yml")}

    update(used.repo, NEW, ci="gitlab")

    assert conflicts(used.repo) == []
    gone = {WORKFLOWS / "check.yml", *theirs}
    assert len(gone) == 5
    lost = [line for line in losses(used) if Path(line.partition(": ")[0]) not in gone]
    assert lost == []
    after = contents(used.repo)
    assert not gone & after.keys()
    assert (WORKFLOWS / "ours.yml") in after, "a workflow of ours is no file of the template's"
    assert {Path(".gitlab-ci.yml"), Path(".gitlab/ci/check.yml"), Path(".gitlab/renovate.json")} < (
        after.keys()
    )
    commit_all(used.repo, "On GitLab")

    update(used.repo, NEW, ci="github")

    back = contents(used.repo)
    assert {path: back.get(path) for path in gone} == {path: used.before[path] for path in gone}
    assert not [p for p in back if p.parts[0].startswith(".gitlab") and p.stem not in KEPT]
    assert losses(used) == []


# of ours, and a seed, which is ours as well
KEPT = ("ours", "renovate")


@pytest.mark.all
def test_a_repo_of_before_there_was_a_choice_stays_on_github(
    template: Path, tmp_path: Path
) -> None:
    older = shutil.copytree(template, tmp_path / "template", symlinks=True)
    config = yaml.safe_load((older / "copier.yml").read_text(encoding="utf-8"))
    del config["ci"], config["ci_files"]
    rule = config["_exclude"][0]
    lines = rule.splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if "previous_ci" in line)
    last = max(n for n, line in enumerate(lines) if "ci_files" in line)
    config["_exclude"] = ["".join(lines[:first] + lines[first + 5 : last])]
    (older / "copier.yml").write_text(yaml.safe_dump(config, sort_keys=False, width=1000))
    shutil.rmtree(older / "template/.gitlab")
    (older / "template/.gitlab-ci.yml").unlink()
    (older / "template/docs/handbook/gitlab.md").unlink()
    commit_all(older, "Before there was a choice")
    git(older, "tag", OLD)
    git(older, "revert", "--no-edit", "HEAD")
    git(older, "tag", NEW)
    repo = render(older, tmp_path / "repo", OLD)
    used = used_repo(repo, 0)

    update(repo, NEW)

    assert conflicts(repo) == []
    assert losses(used) == []
    assert (repo / WORKFLOWS / "check.yml").exists()
    assert not (repo / ".gitlab-ci.yml").exists()


REFUSED = [
    (0, {"package_name": "other"}, "Type 'late_flights'"),
    *(
        pytest.param(*others, marks=pytest.mark.e2e)
        for others in (
            (NEXT, {"maturity_level": HIGHEST}, f"Type {NEXT} or more"),
            (0, {"project_slug": "other"}, "Type 'late-flights'"),
        )
    ),
]


@pytest.mark.e2e
@pytest.mark.parametrize(("level", "answers", "told"), REFUSED)
def test_an_update_that_would_strand_files_is_refused_and_changes_nothing(
    start: Callable[[int], Path], level: int, answers: dict[str, Any], told: str
) -> None:
    repo = start(level)
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")
    before = contents(repo)

    with pytest.raises(ValueError) as refusal:
        update(repo, NEW, **answers)

    assert told in str(refusal.value)
    assert git(repo, "status", "--porcelain") == ""
    assert contents(repo) == before


@pytest.mark.e2e
def test_a_template_given_by_a_relative_path_is_found_from_any_folder(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(versions.parent)
    repo = render(Path(versions.name), tmp_path / "repo", OLD)
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")
    monkeypatch.chdir(tmp_path)

    update(repo, NEW)

    answers = yaml.safe_load((repo / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert answers["_src_path"] == str(versions)
    assert (repo / VERSION_FILE).exists()


@pytest.mark.e2e
def test_a_repo_in_a_folder_of_another_repo_updates_as_well(
    fresh: Callable[[str, int], Path], tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "README.md").write_text("# All our models\n", encoding="utf-8")
    shutil.copytree(fresh(OLD, 0), tmp_path / "models" / "flights")
    commit_all(tmp_path, "One of our models")

    update(tmp_path / "models" / "flights", NEW, maturity_level=NEXT)

    assert conflicts(tmp_path) == []
    assert (tmp_path / "models" / "flights" / LEVEL_SEED).exists()
    assert (tmp_path / "models" / "flights" / VERSION_FILE).exists()
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# All our models\n"


# A file by its number, a place from 0 (head) to 1 (tail), and what becomes of the file.
WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30)
EDIT = st.tuples(
    st.sampled_from(
        ["insert", "insert", "delete", "rename", "endings", "add", "ignore", "package"]
    ),
    st.integers(0, 99),
    st.floats(0, 1),
    WORDS,
)
EDITS = st.lists(EDIT, min_size=1, max_size=12)
PACKAGES = ("polars", "ipython", "zstandard", "aiohttp", "numba")


def edit(used: UsedRepo, mine: list[Path], number: int, step: tuple[str, int, float, str]) -> None:
    """Do one thing that a user may do to a file of theirs or to a shared one."""
    kind, which, place, words = step
    note = f"# {number}: {words}"
    path = mine[which % len(mine)]
    if kind == "insert":
        lines = (used.repo / path).read_bytes().splitlines(keepends=True)
        lines.insert(round(place * len(lines)), f"{note}\n".encode())
        (used.repo / path).write_bytes(b"".join(lines))
    elif kind == "delete" and len(mine) > 1:
        used.delete(mine.pop(which % len(mine)))
    elif kind == "rename":
        mine.remove(path)
        used.rename(path, f"ours-{number}-{path.name}")
    elif kind == "endings":
        used.switch_line_endings(path)
    elif kind == "add":
        used.add(path.with_name(f"new-{number}.txt"), f"{note}\n")
    elif kind == "ignore":
        used.append(Path(".gitignore"), f"/ours-{number}/\n")
    elif kind == "package":
        uv_add(used.repo, f"{PACKAGES[which % len(PACKAGES)]}>=0.{number}")


def random_life(fresh: Path, folder: Path, steps: list[tuple[str, int, float, str]]) -> UsedRepo:
    """Return a repo in which somebody did these things."""
    used = UsedRepo(shutil.copytree(fresh, folder, symlinks=True))
    git(used.repo, "init", "--quiet")
    commit_all(used.repo, "Generated")
    mine = yours(used.repo)
    for number, step in enumerate(steps):
        edit(used, mine, number, step)
    used.kept = mine
    used.settle()
    return used


@pytest.mark.parametrize(
    "examples",
    [pytest.param(2, marks=pytest.mark.e2e), pytest.param(40, marks=pytest.mark.all)],
)
def test_whatever_somebody_did_an_update_loses_none_of_it(
    fresh: Callable[[str, int], Path], tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 10,
        suppress_health_check=list(HealthCheck),
    )
    @given(EDITS)
    def holds(steps: list[tuple[str, int, float, str]]) -> None:
        folder = tmp_path_factory.mktemp("random") / "repo"
        used = random_life(fresh(OLD, 0), folder, steps)

        update(used.repo, NEW, maturity_level=NEXT)

        assert conflicts(used.repo) == []
        assert losses(used) == []
        assert (used.repo / VERSION_FILE).exists()
        shutil.rmtree(folder)

    holds()
