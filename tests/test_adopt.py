"""A repo that exists takes the template in, keeps every byte of its own, and can be raised."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import yaml
from first_run import run, try_to_run
from rendering import ANSWERS_FILE, LEVELS, ROOT, TASKS, UV, commit_all, git, rendered_files, update
from used_repo import conflicts, contents

pytestmark = pytest.mark.e2e

ASIDE = Path("build/update")
Made = Callable[[Path], Path]
SHARED = {
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    "justfile",
    "pyproject.toml",
    "ruff.toml",
    "tests/conftest.py",
}


def write(repo: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return repo


def scripts(place: Path) -> Path:
    """Return a folder of scripts without git: data, notebooks, line endings of Windows."""
    return write(
        place / "churn",
        {
            ".gitignore": "data/\r\n*.parquet\r\n.env\r\n",
            ".env": "TOKEN=precious\n",
            "README.md": "# Churn\n",
            "train.py": "import helpers\nprint(helpers.rate(3, 4))\n",
            "helpers.py": "def rate(lost, all):\n    return lost / all\n",
            "tests/test_helpers.py": "import sys\n\nsys.path.insert(0, '.')\n"
            "from helpers import rate\n\n\ndef test_rate():\n    assert rate(1, 2) == 0.5\n",
            "requirements.txt": "pandas\nscikit-learn\n",
            "notebooks/look.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, '
            '"nbformat_minor": 5}\n',
            "data/raw/customers.csv": "id,left\n1,0\n2,1\n",
        },
    )


PROJECT = """\
[project]
name = "parcel-returns"
version = "3.1"  # ours
requires-python = ">=3.11"
dependencies = ["rich>=13"]

[project.scripts]
parcel-returns = "parcel_returns:main"

[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"

[dependency-groups]
dev = ["pytest>=8"]
tools = [
    "pytest>=8.4,<9.1", # ours
    "rich>=13",
]

[tool.uv]
index-strategy = "first-index"

[tool.ruff]
include = ["src/parcel_returns/**/*.py"]
line-length = 80

[tool.pytest.ini_options]
markers = ["slow"]
"""


def library(place: Path) -> Path:
    """Return a package with tests, hooks, workflow, recipes and git."""
    repo = write(
        place / "parcel-returns",
        {
            ".gitattributes": "*.csv -text\n* text=auto\n",
            ".gitignore": "__pycache__/\n.venv/\n/models/\n",
            ".pre-commit-config.yaml": "# ours\nrepos:\n- repo: local\n  hooks:\n"
            "  - id: ours\n    name: ours\n    entry: 'true'\n    language: system\n",
            ".github/workflows/check.yml": "name: ours\n",
            "README.md": "# Parcel returns\n",
            "justfile": "set dotenv-load := true\n\nours:\n    echo ours\n",
            "pyproject.toml": PROJECT,
            "src/parcel_returns/__init__.py": "def main() -> None:\n    print('ours')\n",
            "src/parcel_returns/model.py": "ANSWER = 42\n",
            "tests/__init__.py": "",
            "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef answer():\n    return 42",
            "tests/test_model.py": "",
            "tests/test_ours.py": "from parcel_returns.model import ANSWER\n\n\n"
            "def test_ours(answer):\n    assert answer == ANSWER\n",
        },
    )
    git(repo, "init", "--quiet")
    commit_all(repo, "Ours")
    return repo


def with_groups_last(place: Path) -> Path:
    """Return a package in whose project the groups stand where `uv add --dev` puts them."""
    project, groups = PROJECT.split("[dependency-groups]\n")
    groups, tools = groups.split("[tool.uv]\n")
    text = f"{project}[tool.uv]\n{tools}\n[dependency-groups]\n{groups.rstrip()}\n"
    repo = write(place / "parcels", {"pyproject.toml": text, "src/parcel_returns/__init__.py": ""})
    git(repo, "init", "--quiet")
    commit_all(repo, "Ours")
    return repo


def generated(place: Path) -> Path:
    """Return what Kedro generates, with git."""
    options = ("--name", "Kiwi Crop", "--tools", "test,lint,data", "--example", "n")
    command = ("uvx", "kedro", "new", *options, "--telemetry", "no")
    run(place, *command)
    repo = place / "kiwi-crop"
    git(repo, "init", "--quiet")
    commit_all(repo, "By Kedro")
    return repo


SHAPES = [
    pytest.param(scripts, "churn_risk", id="scripts"),
    pytest.param(library, "parcel_model", id="library"),
    pytest.param(library, "parcel_returns", id="library-same-package", marks=pytest.mark.all),
    pytest.param(with_groups_last, "parcel_model", id="groups-last", marks=pytest.mark.all),
    pytest.param(generated, "kiwi_model", id="kedro", marks=pytest.mark.all),
]


def adopt(repo: Path, template: Path, *options: str) -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "adopt" / "adopt.py")
    command = [sys.executable, script, str(repo), "--to=HEAD", f"--template={template}", *options]
    done = subprocess.run(command, capture_output=True)
    # not as text: that would change line endings
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def merged(repo: Path, lines: str) -> None:
    """Apply the printed lines as they were printed, in a folder with git or without."""
    done = subprocess.run(
        ["git", "apply", "--verbose", "-"],
        cwd=repo,
        input=lines.encode(),
        capture_output=True,
        env=None if (repo / ".git").exists() else outside_git(repo),
    )
    assert done.returncode == 0, done.stderr.decode()


def outside_git(repo: Path) -> dict[str, str]:
    return {**os.environ, "GIT_CEILING_DIRECTORIES": str(repo.parent)}


@pytest.mark.parametrize(("made", "package"), SHAPES)
def test_a_repo_is_adopted_and_raised_and_loses_nothing(
    template: Path, tmp_path: Path, made: Made, package: str
) -> None:
    repo = made(tmp_path)
    before = contents(repo)
    given = [f"--data=package_name={package}"]

    report = adopt(repo, template, *given)

    assert report.returncode == 0, report.stderr
    assert contents(repo) == before, "a report writes nothing"

    added = adopt(repo, template, *given, "--add")

    assert (added.stdout, added.stderr) == (report.stdout, report.stderr)
    after = contents(repo)
    assert {path: after[path] for path in before} == before, "every byte of theirs"
    said = {tuple(line.split(None, 1)) for line in report.stderr.splitlines()}
    come = {Path(rest) for word, rest in said if word == "adds"}
    aside = {ASIDE / path for path in clashes(report.stderr, "clash")}
    assert come | aside == after.keys() - before.keys()
    assert Path(ANSWERS_FILE) in come

    merged(repo, report.stdout)

    assert unchanged_but_shared(repo, before) == []
    git(repo, "init", "--quiet")
    for words in (rest.partition("folder: ")[2].split() for word, rest in said if word == "note"):
        if words[:1] == ["git"] and (repo / words[-1]).exists():
            git(repo, *words[1:])
    commit_all(repo, "Adopted")
    known = set(git(repo, "ls-files").splitlines())
    assert {p.as_posix() for p in come if not p.is_relative_to("data")} <= known
    adopted = contents(repo)

    for level in LEVELS[1:]:
        update(repo, "HEAD", maturity_level=level)
        assert conflicts(repo) == []
        commit_all(repo, f"Level {level}")

    raised = contents(repo)
    assert raised.keys() >= adopted.keys()
    # .gitattributes, which came, asks git to write text with the line endings of Unix
    changed = {p.as_posix() for p in adopted if unix(raised[p]) != unix(adopted[p])}
    assert changed == {ANSWERS_FILE, "pyproject.toml"}
    groups = tomlkit.parse((repo / "pyproject.toml").read_text())["dependency-groups"]
    assert {"server", "delivery"} <= groups.keys()
    for command in ("registry/gate", "delivery/rollout"):
        assert (repo / "src" / package / f"_mlops/{command}.py").exists()


def unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def unchanged_but_shared(repo: Path, before: dict[Path, bytes]) -> list[Path]:
    """Return files of theirs that the merges changed and that they may not, or that lost a line."""
    after = contents(repo)
    return [
        path
        for path, content in before.items()
        if after[path] != content and (path.as_posix() not in SHARED or lost(content, after[path]))
    ]


def lost(before: bytes, after: bytes) -> set[bytes]:
    kept = set(after.splitlines())
    gone = {line for line in before.splitlines() if line not in kept}
    return {line for line in gone if not line.startswith((b"requires-python", b"    return 42"))}


def clashes(said: str, word: str) -> set[str]:
    lines = (line.split(None, 1) for line in said.splitlines())
    return {rest.split(":")[0] for first, rest in lines if first == word}


def test_the_report_names_every_file_that_both_have(template: Path, tmp_path: Path) -> None:
    repo = library(tmp_path)
    mine = {path.as_posix() for path in rendered_files(repo)}

    said = adopt(repo, template, "--data=package_name=parcel_returns").stderr

    assert clashes(said, "merge") == SHARED - {"ruff.toml"}
    assert clashes(said, "clash") == {
        "README.md",
        ".github/workflows/check.yml",
        "src/parcel_returns/__init__.py",
        "src/parcel_returns/model.py",
        "tests/test_model.py",
    }
    assert clashes(said, "clash") | clashes(said, "merge") <= mine
    assert "left out ruff.toml" in said
    assert "the command parcel-returns stays yours:" in said


def test_of_a_repo_with_dvc_it_is_said_where_data_goes(template: Path, tmp_path: Path) -> None:
    repo = library(tmp_path)
    (repo / ".dvc").mkdir()
    (repo / ".dvc/config").write_text("[core]\n    remote = theirs\n", encoding="utf-8")
    (repo / ".dvc/.gitignore").write_text("/tmp\n", encoding="utf-8")

    said = adopt(repo, template).stderr

    config, ignored = (
        next(line for line in said.splitlines() if f".dvc/{name}: yours" in line)
        for name in ("config", ".gitignore")
    )
    assert config.endswith("go to your default remote; without one nothing is pushed")
    assert ignored.endswith("that is fine")


@pytest.mark.parametrize(
    ("theirs", "chosen"),
    [
        (["src/parcel_returns/__main__.py"], "parcel_returns_model"),
        (["parcel_returns/__init__.py"], "parcel_returns_model"),
        (["parcel_returns.py", "src/parcel_returns_model/a.py"], "parcel_returns_model_2"),
        (["lib/parcel_returns/__init__.py"], "parcel_returns_model"),
    ],
)
def test_a_package_of_theirs_keeps_its_name_and_the_template_takes_another(
    template: Path, tmp_path: Path, theirs: list[str], chosen: str
) -> None:
    repo = write(tmp_path / "repo", {"pyproject.toml": PROJECT, **dict.fromkeys(theirs, "ours")})

    done = adopt(repo, template, "--add")

    assert done.returncode == 0, done.stderr
    note = f"note     package_name is {chosen}, for parcel_returns is yours; --data package_name="
    assert note in done.stderr
    assert "take another package_name" not in done.stderr
    assert (repo / "src" / chosen / "_mlops/cli.py").exists()
    assert yaml.safe_load((repo / ANSWERS_FILE).read_text())["package_name"] == chosen
    assert "Parcel returns" in (repo / "MODEL_CARD.md").read_text()
    assert "flight" not in (repo / "contract.yaml").read_text()
    assert all((repo / path).read_text() == "ours" for path in theirs)


@pytest.mark.parametrize(
    "files",
    [
        {"train.py": ""},
        {"pyproject.toml": '[tool.poetry]\nname = "parcel-returns"\n', "parcel_returns.py": ""},
    ],
    ids=["folder", "poetry"],
)
def test_a_repo_without_a_project_is_called_as_it_is_called(
    template: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    repo = write(tmp_path / "Parcel-returns", files)

    assert adopt(repo, template, "--add").returncode == 0
    assert "Parcel returns" in (repo / "README.md").read_text()
    assert "flight" not in (repo / "contract.yaml").read_text()


def test_a_package_name_that_was_asked_for_is_taken(template: Path, tmp_path: Path) -> None:
    files = {"pyproject.toml": PROJECT, "src/parcel_returns/__main__.py": "ours"}
    repo = write(tmp_path / "repo", files)

    said = adopt(repo, template, "--data=package_name=parcel_returns").stderr

    assert "note     package_name" not in said
    assert clashes(said, "clash") == {"src/parcel_returns/__main__.py"}
    assert "adds     src/parcel_returns/model.py" in said


@pytest.mark.parametrize(("name", "package"), [("MLflow", "mlflow_project"), ("3d.Maps_x", "")])
def test_any_name_of_theirs_gives_one_that_can_be_used(
    template: Path, tmp_path: Path, name: str, package: str
) -> None:
    files = {"pyproject.toml": PROJECT.replace("parcel-returns", name)}
    repo = write(tmp_path / "repo", files)

    said = adopt(repo, template).stderr

    assert f"adds     src/{package or 'project_3d_maps_x'}/model.py" in said


def test_what_the_merged_files_say(template: Path, tmp_path: Path) -> None:
    repo = library(tmp_path)

    merged(repo, adopt(repo, template, "--data=package_name=parcel_model").stdout)

    document: Any = tomlkit.parse((repo / "pyproject.toml").read_text()).unwrap()
    assert document["project"]["version"] == "3.1"
    assert document["project"]["requires-python"] == ">=3.11,<3.14"
    assert document["project"]["scripts"] == {"parcel-returns": "parcel_returns:main"}
    assert document["tool"]["uv"]["build-backend"]["module-name"] == [
        "parcel_returns",
        "parcel_model",
    ]
    assert document["tool"]["uv"]["index-strategy"] == "first-index"
    assert document["tool"]["uv"]["default-groups"] == "all", "its packages would not be there"
    assert document["tool"]["mypy"]["packages"] == ["parcel_model"]
    assert "description" not in document["project"], "that is not what theirs does"
    tools = document["dependency-groups"]["tools"]
    assert tools[:2] == ["pytest>=8.4,<9.1", "rich>=13"]
    assert any(tool.startswith("rust-just") for tool in tools)
    assert document["tool"]["ruff"]["line-length"] == 80
    assert "tests/**/*.py" in document["tool"]["ruff"]["extend-include"], "the hook reads them"
    assert "uv_build" not in str(document["build-system"]["requires"][1:])
    assert (repo / "justfile").read_text().count("set dotenv-load") == 1, "just takes it once"
    hooks = yaml.safe_load((repo / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["id"] for entry in hooks for hook in entry["hooks"]][-1] == "ours"
    assert git(repo, "check-attr", "text", "a.csv").endswith("text: auto\n"), "theirs, still last"


def test_a_package_that_theirs_bounds_comes_without_bounds(template: Path, tmp_path: Path) -> None:
    repo = library(tmp_path)
    path = repo / "pyproject.toml"
    extra = '[project.optional-dependencies]\nlint = ["ruff~=0.12.0"]\n\n[project.scripts]'
    path.write_text(path.read_text().replace("[project.scripts]", extra))

    merged(repo, adopt(repo, template, "--data=package_name=parcel_model").stdout)

    document: Any = tomlkit.parse(path.read_text()).unwrap()
    assert document["project"]["optional-dependencies"] == {"lint": ["ruff~=0.12.0"]}
    assert "ruff" in document["dependency-groups"]["tools"]


@pytest.mark.parametrize(
    ("yours", "allowed"),
    [
        ("~=3.10.0", ">=3.11,<3.14"),
        (">=3.8,<3.11", ">=3.11,<3.14"),
        (">=3.12", ">=3.12,<3.14"),
        (">=3.9,!=3.12.1,<3.13", ">=3.11,!=3.12.1,<3.13"),
    ],
)
def test_the_pythons_of_theirs_are_narrowed_and_never_widened(
    template: Path, tmp_path: Path, yours: str, allowed: str
) -> None:
    project = f'[project]\nname = "a"\nversion = "0"\nrequires-python = "{yours}"\n'
    repo = write(tmp_path / "a", {"pyproject.toml": project})

    merged(repo, adopt(repo, template).stdout)

    document: Any = tomlkit.parse((repo / "pyproject.toml").read_text()).unwrap()
    assert document["project"]["requires-python"] == allowed


@pytest.mark.parametrize(
    "builds",
    [
        pytest.param(builds, id=builds[1], marks=() if "flit" in builds[1] else pytest.mark.all)
        for builds in (
            ("flit_core>=3.2,<4", "flit_core.buildapi"),
            ("hatchling", "hatchling.build"),
            ("poetry-core>=2", "poetry.core.masonry.api"),
            ("setuptools>=70", "setuptools.build_meta"),
        )
    ],
)
def test_whatever_builds_a_package_in_the_root_builds_the_new_one_too(
    template: Path, tmp_path: Path, builds: tuple[str, str]
) -> None:
    project = (
        '[build-system]\nrequires = ["{}"]\nbuild-backend = "{}"\n\n'
        '[project]\nname = "rents"\nversion = "0"\ndescription = "Ours"\n'
    )
    files = {"pyproject.toml": project.format(*builds), "rents/__init__.py": "", "data/a.csv": ""}
    repo = write(tmp_path / "rents", files)

    done = adopt(repo, template, "--add")
    merged(repo, done.stdout)
    run(repo, UV, "build", "--quiet", "--wheel")

    built = zipfile.ZipFile(next(repo.glob("dist/*.whl"))).namelist()
    assert {"rents/__init__.py", "rents_model/__init__.py", "rents_model/_mlops/cli.py"} <= {*built}
    assert "has to find" not in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("setup.cfg", "[flake8]\nmax-line-length = 100\n", True),
        ("setup.py", "from setuptools import setup\n\nsetup()\n", True),
        ("setup.cfg", "[options]\npackages = rents\n", False),
        ("setup.py", "import setuptools as s\n\ns.setup(packages=s.find_packages())\n", False),
    ],
)
def test_a_file_of_setuptools_that_names_no_package_leaves_setuptools_to_be_told(
    template: Path, tmp_path: Path, name: str, text: str, told: bool
) -> None:
    project = (
        '[build-system]\nrequires = ["setuptools>=70"]\nbuild-backend = "setuptools.build_meta"\n\n'
        '[project]\nname = "rents"\nversion = "0"\ndescription = "Ours"\n'
    )
    files = {"pyproject.toml": project, "rents/__init__.py": "", name: text}
    repo = write(tmp_path / "rents", files)

    done = adopt(repo, template)

    assert ('+include = ["rents*", "rents_model*"]' in done.stdout) == told
    assert ("it has to find src/rents_model too" in done.stderr) != told


@pytest.mark.parametrize("root", [".", "src", "lib"])
def test_a_list_of_packages_for_setuptools_still_holds_theirs_and_all_of_the_new_one(
    template: Path, tmp_path: Path, root: str
) -> None:
    project = (
        '[build-system]\nrequires = ["setuptools>=70"]\nbuild-backend = "setuptools.build_meta"\n\n'
        '[project]\nname = "rents"\nversion = "0"\ndescription = "Ours"\n\n'
        '[tool.setuptools]\npackages = ["rents", "rents.parts"]  # not rents.drafts\n'
        f'package-dir = {{"" = "{root}"}}\n'
    )
    parts = {f"{root}/rents/{name}__init__.py": "" for name in ("", "parts/", "drafts/")}
    repo = write(tmp_path / "rents", {"pyproject.toml": project, **parts, "data/a.csv": ""})

    done = adopt(repo, template, "--add")
    merged(repo, done.stdout)
    run(repo, UV, "build", "--quiet", "--wheel")

    built = zipfile.ZipFile(next(repo.glob("dist/*.whl"))).namelist()
    assert {"rents/parts/__init__.py", "rents_model/_mlops/registry/trace.py"} <= {*built}
    assert not [name for name in built if name.startswith("rents/drafts")]
    assert "has to find" not in done.stderr


def test_what_a_folder_of_theirs_hides_is_seen_and_nothing_else(
    template: Path, tmp_path: Path
) -> None:
    repo = scripts(tmp_path)
    git(repo, "init", "--quiet")

    said = adopt(repo, template)
    merged(repo, said.stdout)
    write(repo, {"data/raw.dvc": "outs: []\n", "data/other/people.csv": "id\n"})

    git(repo, "add", "--all")
    known = git(repo, "ls-files", "data").split()
    assert known == ["data/raw.dvc"]
    assert "add --force" not in said.stderr


def test_what_levels_and_runs_add_to_the_template_s_folders_is_seen(
    template: Path, tmp_path: Path
) -> None:
    repo = write(tmp_path / "repo", {".gitignore": "data/\n*.json\n*.dvc\n"})
    git(repo, "init", "--quiet")

    lines = adopt(repo, template, "--data=package_name=churn").stdout
    merged(repo, lines)

    later = {
        "src/churn/_mlops/data/ingest.py",
        "tests/_mlops/serving/answers.json",
        "data/raw.dvc",
        "models/champion.dvc",
        "reports/gate.json",
        ".start-from.json",
    }
    hidden = {"src/churn/_mlops/data/__pycache__/a.pyc", "reports/readiness.json", "data/a.csv"}
    write(repo, dict.fromkeys(later | hidden, ""))
    git(repo, "add", "--all")
    assert set(git(repo, "ls-files").split()) == later | {".gitignore"}
    assert len([line for line in lines.splitlines() if "_mlops" in line]) == 2, "not one a file"


def test_a_rule_above_the_folder_hides_nothing(template: Path, tmp_path: Path) -> None:
    top = write(tmp_path / "mono", {".gitignore": "*.json\n"})
    repo = write(top / "packages/scorer", {".gitignore": "*.log\n"})
    git(top, "init", "--quiet")

    done = adopt(repo, template, "--data=package_name=scorer")

    assert "+!/src/scorer/_mlops/**" in done.stdout
    assert f"note     the repository is {top}: its hooks" in done.stderr


def test_a_member_of_a_workspace_is_refused_until_it_is_excluded(
    template: Path, tmp_path: Path
) -> None:
    top = tmp_path / "mono"
    members = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    project = '[project]\nname = "scorer"\nversion = "0"\n'
    write(top, {"pyproject.toml": members, "packages/scorer/pyproject.toml": project})
    repo = top / "packages/scorer"
    before = contents(top)

    refused = adopt(repo, template, "--add")

    assert refused.returncode == 2
    assert 'add exclude = ["packages/scorer"] to [tool.uv.workspace]' in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert contents(top) == before

    write(top, {"pyproject.toml": f'{members}exclude = ["packages/scorer"]\n'})
    assert adopt(repo, template).returncode == 0


def test_what_goes_before_the_template_s_file_of_that_name_is_named(
    template: Path, tmp_path: Path
) -> None:
    recipes = "default:\n    just --list\n\n@test *args:\n    pytest\n\ncheck := 'x'\n\nours:\n"
    files = {
        "justfile": recipes,
        "pytest.ini": "",
        "params.yaml": "lr: 0.1\n",
        "monitoring/board.py": "",
        "reports/old.png": "",
        "src/ours.py": "",
    }
    repo = write(tmp_path / "repo", files)
    git(repo, "init", "--quiet")
    commit_all(repo, "Ours")

    said = adopt(repo, template).stderr

    assert "note     the recipes test stay yours, and the template's do not run: rename" in said
    assert "note     pytest reads your pytest.ini and not [tool.pytest.ini_options]" in said
    assert "params.yaml; commands read the template's sections only: keep yours in a file" in said
    assert "note     git will ignore what is new beside monitoring/board.py and 1 more" in said


@pytest.mark.parametrize(
    ("theirs", "name"), [("Justfile", "justfile"), (".ruff.toml", "ruff.toml")]
)
def test_a_file_that_goes_by_another_name_has_to_be_renamed_first(
    template: Path, tmp_path: Path, theirs: str, name: str
) -> None:
    repo = write(tmp_path / "repo", {theirs: ""})

    done = adopt(repo, template, "--add")

    assert done.returncode == 2
    assert f"mv {theirs} {name}, then run this again" in done.stderr
    assert set(contents(repo)) == {Path(theirs)}


def test_what_no_command_reads_any_more_is_named(template: Path, tmp_path: Path) -> None:
    files = {
        "setup.py": "from setuptools import setup\n\nsetup(name='old')\n",
        "setup.cfg": "[tool:pytest]\naddopts = -q\n",
        "tox.ini": "[tox]\n",
        "requirements-dev.txt": "mock\n",
        "requirements/base.txt": "numpy\n",
        "environment.yml": "name: old\ndependencies: [pandas]\n",
        "Pipfile": "[packages]\n",
        "old.py": "",
    }
    said = adopt(write(tmp_path / "old", files), template).stderr

    notes = {line.removeprefix("note     ") for line in said.splitlines()}
    assert notes >= {
        "pytest reads pyproject.toml and no longer [tool:pytest] of setup.cfg: move it there",
        "requirements-dev.txt is not read: uv add --requirements requirements-dev.txt",
        "requirements/base.txt is not read: uv add --requirements requirements/base.txt",
        "environment.yml is not read: uv add what it lists, by the names of PyPI",
        "Pipfile is not read: uv add what it lists, by the names of PyPI",
    }
    for start in ("pyproject.toml says what is installed, and no longer setup.py", "`just check`"):
        assert any(note.startswith(start) for note in notes)
    assert "tox.ini" not in said


@pytest.mark.parametrize(
    ("pyproject", "note"),
    [
        ('[tool.poetry]\nname = "a"\n', "run `uvx migrate-to-uv` and then this again"),
        (
            '[project]\nname = "a"\nversion = "0"\n[build-system]\nrequires = ["uv_build"]\n'
            'build-backend = "uv_build"\n[tool.uv.build-backend]\nmodule-root = ""\n',
            "uv_build takes all packages from one folder",
        ),
        (
            '[project]\nname = "a"\nversion = "0"\ndependencies = ["scikit-learn~=1.5.1"]\n',
            "yours says scikit-learn~=1.5.1, the template is tested with",
        ),
        (
            '[project]\nname = "a"\nversion = "0"\nrequires-python = "~=3.10.0"\n',
            "yours says Python ~=3.10.0, the packages exist for 3.11 to 3.13",
        ),
        (
            '[project]\nname = "a"\nversion = "0"\n[build-system]\nrequires = ["meson-python"]\n'
            'build-backend = "mesonpy"\n',
            "mesonpy builds your package: it has to find src/a",
        ),
        (
            '[project]\nname = "a"\nversion = "0"\n'
            '[tool.poetry.group.dev.dependencies]\npytest-mock = "^3"\npython = "^3.11"\n'
            "[tool.hatch.envs.default]\ndependencies = [\"mock>=5; python_version > '3'\"]\n"
            '[tool.pdm.dev-dependencies]\nlint = ["flake8", "-e file:///x"]\n',
            "uv reads no list of poetry, pdm or hatch: uv add --dev 'pytest-mock' 'flake8' 'mock'",
        ),
    ],
)
def test_what_cannot_work_as_it_is_is_said(
    template: Path, tmp_path: Path, pyproject: str, note: str
) -> None:
    said = adopt(write(tmp_path / "a", {"pyproject.toml": pyproject}), template).stderr

    assert f"note     {note}" in said


def test_bounds_that_some_version_suits_are_no_news(template: Path, tmp_path: Path) -> None:
    bounds = '"scikit-learn<2", "pandas~=3.0", "numpy>=1.24,<3", "pytest<99"'
    project = f'[project]\nname = "a"\nversion = "0"\ndependencies = [{bounds}]\n'

    assert (
        "tested with"
        not in adopt(write(tmp_path / "a", {"pyproject.toml": project}), template).stderr
    )


def test_what_tests_of_theirs_need_is_there_without_an_extra(
    template: Path, tmp_path: Path
) -> None:
    repo = library(tmp_path)
    path = repo / "pyproject.toml"
    test = """["pytest-cov; python_version > '3'"]"""
    extras = f'[project.optional-dependencies]\ndocs = ["sphinx"]\ntest = {test}\n\n'
    path.write_text(path.read_text().replace("[project.scripts]", f"{extras}[project.scripts]"))

    merged(repo, adopt(repo, template, "--data=package_name=parcel_model").stdout)

    groups: Any = tomlkit.parse(path.read_text()).unwrap()["dependency-groups"]
    assert groups["dev"] == ["pytest>=8", "parcel-returns[test]"]


def test_example_data_never_comes_beside_data(template: Path, tmp_path: Path) -> None:
    repo = scripts(tmp_path)

    said = adopt(repo, template, "--add").stderr

    assert [p.name for p in (repo / "data/raw").iterdir()] == ["customers.csv"]
    assert "left out data/raw" in said


def test_an_empty_file_that_keeps_a_folder_is_no_data_and_data_in_git_is_named(
    template: Path, tmp_path: Path
) -> None:
    empty = write(tmp_path / "empty", {"data/raw/.gitkeep": ""})
    full = write(tmp_path / "full", {"data/raw/.gitkeep": "", "data/raw/a.csv": "a\n1\n"})
    for repo in (empty, full):
        git(repo, "init", "--quiet")
        commit_all(repo, "Ours")

    in_empty, in_full = (adopt(repo, template).stderr for repo in (empty, full))

    assert "adds     data/raw/" in in_empty
    assert "left out data/raw" in in_full
    words = "note     git has files of data/raw"
    assert words in in_full
    assert words not in in_empty


def test_the_template_s_version_of_a_clash_lies_aside(
    template: Path, repos: Callable[[int, str], Path], tmp_path: Path
) -> None:
    repo = library(tmp_path)

    said = adopt(repo, template, "--data=package_name=parcel_model", "--add").stderr

    assert clashes(said, "clash") == {
        "README.md",
        ".github/workflows/check.yml",
        "tests/test_model.py",
    }
    assert f"the template's in {ASIDE}/tests/test_model.py" in said
    assert (repo / "tests/test_model.py").read_bytes() == b""
    workflow = Path(".github/workflows/check.yml")
    theirs = repos(LEVELS[0], TASKS[0]) / workflow
    assert (repo / ASIDE / workflow).read_bytes() == theirs.read_bytes()


def test_an_add_that_was_cut_short_goes_on(template: Path, tmp_path: Path) -> None:
    repo = library(tmp_path)
    given = ("--data=package_name=parcel_model", "--add")
    adopt(repo, template, *given)
    whole = contents(repo)
    gone = {ANSWERS_FILE, "src/parcel_model/model.py"}
    gone |= {
        max(path.relative_to(repo).as_posix() for path in (repo / folder).glob("*"))
        for folder in ("data/raw", "data/incoming")
    }
    for path in gone:
        (repo / path).unlink()

    again = adopt(repo, template, *given)

    assert again.returncode == 0, again.stderr
    assert clashes(again.stderr, "adds") == gone
    assert contents(repo) == whole


def test_a_patch_without_a_line_is_said(template: Path, tmp_path: Path) -> None:
    repo = write(tmp_path / "Umsatz-Größe 2", {"train.py": "print(1)\n"})

    done = adopt(repo, template)

    assert (done.returncode, done.stdout) == (0, "")
    assert "note     the patch is empty: there is nothing to `git apply`" in done.stderr


def test_nothing_is_written_behind_a_link(template: Path, tmp_path: Path) -> None:
    repo = scripts(tmp_path)
    elsewhere = write(tmp_path / "elsewhere", {"page.md": "# Another repo's\n"})
    (repo / "docs").symlink_to(elsewhere)

    said = adopt(repo, template, "--add").stderr

    assert clashes(said, "left") >= {"out docs"}
    assert [path.name for path in elsewhere.iterdir()] == ["page.md"]


def test_a_link_to_nowhere_is_refused_and_stays(template: Path, tmp_path: Path) -> None:
    repo = scripts(tmp_path)
    (repo / "contract.yaml").symlink_to("../gone")
    before = contents(repo)

    done = adopt(repo, template, "--add")

    assert (done.returncode, "contract.yaml is a link to nowhere" in done.stderr) == (2, True)
    assert (repo / "contract.yaml").readlink() == Path("../gone")
    assert contents(repo) == before


def test_a_template_that_cannot_be_had_is_an_outside_failure(tmp_path: Path) -> None:
    repo = scripts(tmp_path)
    before = contents(repo)

    done = adopt(repo, Path("https://127.0.0.1:9/template.git"), "--add")

    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("error: git cannot get ")
    assert done.stderr.count("\n") == 1
    assert contents(repo) == before


def test_hooks_that_cannot_be_read_stay_and_the_rest_is_reported(
    template: Path, tmp_path: Path
) -> None:
    repo = scripts(tmp_path)
    write(repo, {".pre-commit-config.yaml": "repos:\n  - repo: [\n"})

    done = adopt(repo, template)

    assert done.returncode == 0, done.stderr
    assert ".pre-commit-config.yaml" in clashes(done.stderr, "clash")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"build": "a script\n"}, "build is a file"),
        ({"docs": "a file\n"}, "docs is a file"),
        ({"params.yaml/x": "a folder\n"}, "params.yaml is a folder"),
        ({ANSWERS_FILE: "_src_path: elsewhere\n"}, "a template made this repo"),
    ],
)
def test_a_repo_that_cannot_take_it_is_refused_untouched(
    template: Path, tmp_path: Path, files: dict[str, str], told: str
) -> None:
    repo = write(tmp_path / "repo", files)
    before = contents(repo)

    done = adopt(repo, template, "--add")

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(repo) == before


@pytest.mark.parametrize(
    ("made", "package"),
    [
        pytest.param(library, "parcel_model", id="library"),
        pytest.param(scripts, "churn_risk", id="scripts", marks=pytest.mark.all),
        pytest.param(generated, "kiwi_model", id="kedro", marks=pytest.mark.all),
    ],
)
def test_an_adopted_repo_passes_its_own_tests_and_serves_the_example(
    template: Path, tmp_path: Path, made: Made, package: str
) -> None:
    repo = made(tmp_path)
    own = [path.as_posix() for path in rendered_files(repo) if path.match("test_*.py")]
    merged(repo, adopt(repo, template, f"--data=package_name={package}", "--add").stdout)

    run(repo, "uv", "lock")
    run(repo, "uv", "run", "--all-extras", "just", "set-up")
    run(repo, "uv", "run", "--frozen", "python", "-m", "pytest", *own)

    assert own
    if (repo / "data/raw/customers.csv").exists():  # theirs is no flight, and is not trained on
        assert "customers.csv" in try_to_run(repo, "uv", "run", "just", "repro").stderr
    else:
        commit_all(repo, "Adopted")
        served = run(repo, "uv", "run", "just", "demo").stdout
        assert '"model_version": "1"' in served
