# The template's. A lab of yours is a new folder in workshop/labs, with the files of the others.
"""What the labs are made with: edit a file, run a verb, ask git, try the tests on broken code."""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = next(ROOT.glob("src/*/_mlops")).parent.relative_to(ROOT)
PACKAGE = SOURCE.name

errors = import_module(f"{PACKAGE}._mlops.errors")
OutsideFailed, Refused, WrongInput = errors.OutsideFailed, errors.Refused, errors.WrongInput

CHAMPION = Path("models/champion/pointer.json")
COPIED = (
    *("src", "tests", "desk", "watch", "docs"),
    *("contract.yaml", "dvc.yaml", "params.yaml", "pyproject.toml"),
)
# the service of these tests answers by the champion that is there: to train another takes long
QUICK_REPO = '''

@pytest.fixture(scope="session")
def repo():
    """Return this folder, with its champion."""
    from _mlops.fixtures import ROOT, Repo

    return Repo(ROOT)
'''


def module(name: str) -> Any:
    """Import a module of the repo, such as `features` or `_mlops.paths`."""
    return import_module(f"{PACKAGE}.{name}")


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace pieces of a file, each of which it holds once.

    Raises:
        WrongInput: If a piece is not there: the file is not as the template wrote it.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for old, new in changes:
        if text.count(old) != 1:
            message = f"{path} is not as the template wrote it: {old.strip()!r} is not in it"
            raise WrongInput(message, "play the labs in a fresh repo of the same template")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def git(*arguments: str) -> str:
    """Return what git prints; `OutsideFailed` with git's words when it cannot."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise OutsideFailed(f"`git {arguments[0]}` failed: {errors.cause_of(done.stderr)}")
    return done.stdout.rstrip()


def save(message: str) -> None:
    """Commit everything that is not ignored, if there is anything."""
    git("add", "--all")
    if git("status", "--porcelain"):
        git("commit", "--quiet", "--no-verify", "--message", message)


def run(*words: str, may: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run `python -m WORDS`; `OutsideFailed` with its words when it ends in another way."""
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    if done.returncode not in may:
        said = errors.cause_of(done.stderr or done.stdout)
        raise OutsideFailed(f"`{' '.join(words)}` failed: {said}")
    return done


def verb(*words: str, may: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run a command of the repo, such as `verb("repro")`."""
    return run(PACKAGE, *words, may=may)


def read(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def compare(reference: Any, current: Any) -> dict[str, Any]:
    """Compare two tables by the rules of params.yaml; nothing is written."""
    params = module("_mlops.config").load_params()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        report: dict[str, Any] = module("_mlops.data.comparison").compare(
            reference, current, params.drift
        )[0]
    return report


def table(path: Path) -> Any:
    """Read one month."""
    return module("_mlops.data.tables").read(path, module("schema"), module("data"))


def training_part() -> Any:
    """Return the rows that the model learns from."""
    share = module("_mlops.config").load_params().featurize.holdout_share
    return module("_mlops.data.comparison").training_part(share)


def since(commit: str, *paths: str) -> list[str]:
    """Return which files differ from a commit or are new."""
    changed = git("diff", "--name-only", commit, "--", *paths).splitlines()
    new = git("ls-files", "--others", "--exclude-standard", "--", *paths).splitlines()
    return sorted({path for path in [*changed, *new] if Path(path).is_file()})


def trained_anew() -> str:
    """Say what is wrong when candidate and report are not of today's code and data."""
    batch_files, paths = module("_mlops.data.batch_files"), module("_mlops.paths")
    manifest, report = read(paths.CANDIDATE / "manifest.json"), read(paths.METRICS)
    if report["model_sha256"] != manifest["model_sha256"]:
        return f"{paths.METRICS} is about another model than {paths.CANDIDATE}"
    if manifest["features_sha256"] != batch_files.features_sha256(SOURCE):
        return "the model was trained with other code: uv run just repro"
    if manifest["data_sha256"] != batch_files.raw_sha256():
        return "the model was trained on other data: uv run just repro"
    return ""


def guarded(broken: str, *paths: str) -> str:
    """Say what is wrong with the tests that were written in this lab.

    They have to pass now, and to fail when `paths` are again as the lab broke them.

    Args:
        broken: The commit that broke the repo.
        paths: What it broke.
    """
    tests = [path for path in since(broken, "tests") if Path(path).match("test_*.py")]
    if not tests:
        return "no file tests/test_*.py was changed or added since the lab began"
    with playground() as folder:
        if said := failed(folder, tests):
            return f"your tests fail on your own code: {said}"
        for path in paths:
            write(folder / path, git("show", f"{broken}:./{path}") + "\n")
        if not failed(folder, tests):
            return f"on the broken code {', '.join(tests)} passes as well: it would not stop it"
    return ""


def failed(folder: Path, tests: list[str]) -> str:
    """Return the first failure of some tests, nothing when they pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider"]
    variables = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*command, *tests], cwd=folder, env=variables, capture_output=True, text=True
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0] if lines else errors.cause_of(done.stdout + done.stderr)


@contextmanager
def playground() -> Iterator[Path]:
    """Give a copy of the repo's code, tests and champion, in which files may be broken."""
    with tempfile.TemporaryDirectory(prefix="lab-") as made:
        folder = Path(made).resolve()
        for name in COPIED:
            if Path(name).is_dir():
                shutil.copytree(name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif Path(name).is_file():
                shutil.copy(name, folder / name)
        shutil.copytree(CHAMPION.parent, folder / CHAMPION.parent)
        with (folder / "tests/conftest.py").open("a", encoding="utf-8") as file:
            file.write(QUICK_REPO)
        yield folder
