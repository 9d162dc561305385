# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "copier>=9.19.1,<10",
#     "copier-template-extensions>=0.3.4,<0.4",
#     "packaging>=24",
#     "pyyaml>=6.0.3,<7",
#     "tomlkit>=0.13,<0.20",
# ]
# ///
"""Add the template to a repo that exists: say first, add what is missing, merge nothing unasked.

Without --add nothing is written. Standard output is a patch with the lines that files of yours
need, for `git apply`; standard error says what is added, what stays and what that means.
Exit codes: 0 done; 2 wrong use, or a repo that cannot take it; 3 the template cannot be had.
"""

import argparse
import itertools
import re
import shutil
import sys
import tempfile
import tomllib
import warnings
from pathlib import Path
from typing import Any

import copier
import merges
from plumbum import ProcessExecutionError

TEMPLATE = Path(__file__).resolve().parents[1]
ANSWERS = ".copier-answers.yml"
# Here `update` lays the template's version of a file of yours as well; git is told to ignore it.
ASIDE = Path("build/update")
# What its program reads under other names too, and by which one the template's would be none.
OTHER_NAMES = {
    "justfile": ("Justfile", "JUSTFILE", ".justfile"),
    "ruff.toml": (".ruff.toml",),
}
SAME, MERGE, CLASH = "same", "merge", "clash"
# A folder of batches is read whole: example data beside yours would be trained on.
BATCHES = [name.rstrip("/") for name in merges.BATCHES]


class WrongInputError(Exception):
    """Wrong use, or a repo into which nothing can be added."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path, help="the folder of the repo that exists")
    parser.add_argument("--add", action="store_true", help="write the files that are missing")
    parser.add_argument(
        "--data", action="append", type=answer, default=[], metavar="KEY=VALUE", help="an answer"
    )
    parser.add_argument("--template", default=str(TEMPLATE), help="address that the repo records")
    parser.add_argument("--to", help="a tag or commit of the template; by default its newest tag")
    given = parser.parse_args()
    try:
        adopt(given.repo.resolve(), given)
    except (WrongInputError, ValueError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except ProcessExecutionError as problem:
        words = str(problem.stderr).strip().splitlines() or ["it said nothing"]
        print(f"error: git cannot get {given.template}: {words[-1]}", file=sys.stderr)
        return 3
    except OSError as problem:
        print(f"error: {problem}; what was written can stay: run this again", file=sys.stderr)
        return 3
    return 0


def answer(text: str) -> tuple[str, str]:
    """Split an answer that was given on the command line."""
    key, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no answer; expected KEY=VALUE")
    return key, value


def adopt(repo: Path, given: argparse.Namespace) -> None:
    """Report on the repo and, when asked, add what it lacks."""
    if not repo.is_dir():
        raise WrongInputError(f"{repo} is no folder; name the repo that exists")
    if (repo / ANSWERS).exists():
        raise WrongInputError(f"{repo / ANSWERS} exists: a template made this repo; update it")
    there = {path.name for path in repo.iterdir()}
    for name, others in OTHER_NAMES.items():
        for other in there.intersection(others):
            raise WrongInputError(
                f"{other} and the template's {name} cannot stand in one folder; "
                f"mv {other} {name}, then run this again"
            )
    if top := merges.workspace(repo):
        raise WrongInputError(
            f"{repo} is a member of the uv workspace of {top}, and a model needs a lock of its "
            f'own; add exclude = ["{repo.relative_to(top).as_posix()}"] to [tool.uv.workspace] in '
            f"{top / merges.PYPROJECT}"
        )
    answers = names_of(repo) | dict(given.data)
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place, "fresh")
        render(given, fresh, answers)
        own = merges.package(fresh)
        chosen = own if "package_name" in answers else free_package(repo, own)
        if chosen != own:
            fresh = Path(place, "renamed")
            render(given, fresh, answers | {"package_name": chosen})
        files = sorted(p.relative_to(fresh) for p in fresh.rglob("*") if p.is_file())
        refuse_blocked(repo, [*files, ASIDE / "any"])
        out = left_out(repo, fresh, files)
        files = [path for path in files if not under(path, out)]
        missing = [path for path in files if not (repo / path).exists()]
        merged, notes = merges.merge(repo, fresh, missing)
        if chosen != own:
            another = "--data package_name=NAME chooses another"
            notes.insert(0, f"package_name is {chosen}, for {own} is yours; {another}")
        lines = "".join(merges.patch(repo, merged))
        if not lines:
            notes.append("the patch is empty: there is nothing to `git apply`")
        kept = {path: word(repo, fresh, path, merged) for path in files if path not in missing}
        say(missing, out, kept, notes)
        if given.add:
            copy(fresh, repo / ASIDE, [path for path in kept if kept[path] == CLASH])
            copy(fresh, repo, sorted(missing, key=lambda path: path.name == ANSWERS))
        sys.stdout.write(lines)


def names_of(repo: Path) -> dict[str, Any]:
    """Return the project's own name, or the folder's, as an answer that all others follow."""
    path = repo / merges.PYPROJECT
    own = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    project = own.get("project") or own.get("tool", {}).get("poetry", {})
    words = re.findall(r"[^\W_]+", str(project.get("name", repo.name)).lower())
    return {"project_name": " ".join(words).capitalize()} if words else {}


def free_package(repo: Path, own: str) -> str:
    """Return a name for the template's package that no module of the repo has."""
    stem = f"{own[:40].rstrip('_')}_model"
    names = itertools.chain([own, stem], (f"{stem}_{number}" for number in itertools.count(2)))
    packages = {path.parent.name for path in merges.code(repo) if path.name == "__init__.py"}
    places = (Path("src"), Path())
    return next(
        name
        for name in names
        if name not in packages
        and not any(
            (repo / place / file).exists() for place in places for file in (name, f"{name}.py")
        )
    )


def render(given: argparse.Namespace, to: Path, answers: dict[str, Any]) -> None:
    """Render the template as `copier copy --trust --defaults` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a clone of the template holds uncommitted work
        copier.run_copy(
            given.template,
            to,
            answers,
            vcs_ref=given.to,
            defaults=True,
            quiet=True,
            unsafe=True,
        )


def copy(fresh: Path, to: Path, paths: list[Path]) -> None:
    """Copy files of the template to where nothing is; each appears whole or not at all."""
    for path in paths:
        if not (to / path).exists():
            (to / path).parent.mkdir(parents=True, exist_ok=True)
            # a kill may leave it: the template's .gitignore knows this name
            folder = (to / path).parent
            with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=folder) as place:
                part = shutil.copy(fresh / path, place)
                Path(part).replace(to / path)


def refuse_blocked(repo: Path, files: list[Path]) -> None:
    """Refuse before anything is written what would stop a copy halfway."""
    for path in files:
        for parent in path.parents[:-1]:
            if (repo / parent).exists() and not (repo / parent).is_dir():
                raise WrongInputError(f"{parent} is a file, and the template needs a folder there")
        if (repo / path).is_dir():
            raise WrongInputError(f"{path} is a folder, and the template needs a file there")
        if (repo / path).is_symlink() and not (repo / path).exists():
            raise WrongInputError(
                f"{path} is a link to nowhere, and the template needs a file there"
            )


def left_out(repo: Path, fresh: Path, files: list[Path]) -> list[str]:
    """Return what is not added, because it would change what files of yours mean."""
    out = [
        name
        for name in BATCHES
        if not all(
            same(repo, fresh, path.relative_to(repo)) for path in (repo / name).glob("[!.]*")
        )
    ]
    # what a link leads to may be another repo's, and git adds nothing behind it
    folders = sorted({folder for path in files for folder in path.parents[:-1]})
    out += [folder.as_posix() for folder in folders if (repo / folder).is_symlink()]
    # a ruff.toml goes before [tool.ruff], and would end the rules of the whole repo
    return out + (
        ["ruff.toml"] if merges.has_table(repo / merges.PYPROJECT, "tool", "ruff") else []
    )


def same(repo: Path, fresh: Path, path: Path) -> bool:
    """Say whether a file is the template's, as an add that was cut short leaves it."""
    both = (repo / path, fresh / path)
    return all(map(Path.is_file, both)) and both[0].read_bytes() == both[1].read_bytes()


def under(path: Path, folders: list[str]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def word(repo: Path, fresh: Path, path: Path, merged: dict[str, str]) -> str:
    """Return what becomes of a file that both have."""
    if same(repo, fresh, path):
        return SAME
    return MERGE if path.as_posix() in merged else CLASH


def say(missing: list[Path], out: list[str], kept: dict[Path, str], notes: list[str]) -> None:
    """Tell on standard error what is added, what stays, and what is left to do by hand."""
    lines = [f"adds     {path.as_posix()}" for path in missing]
    lines += [f"left out {name}: yours says what it means" for name in out]
    for path, found in kept.items():
        name, aside = path.as_posix(), (ASIDE / path).as_posix()
        means = {
            SAME: "",
            MERGE: ": yours stays; the patch has the lines to add",
            CLASH: f": yours stays, --add lays the template's in {aside}; {merges.meaning(path)}",
        }
        lines.append(f"{found:8} {name}{means[found]}")
    lines += [f"note     {note}" for note in notes]
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
