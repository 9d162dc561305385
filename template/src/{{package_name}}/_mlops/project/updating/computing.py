# The template's. Nothing of yours belongs here: `update` runs it.
"""What would an update from the template make of this repo?"""

import os
import re
import shlex
import subprocess
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ... import PACKAGE
from ...errors import OutsideFailed, WrongInput, cause_of, did_you_mean
from ...files import read_text
from .result import LOCK, Update, needs
from .trees import blob_bytes, git, names

ANSWERS = ".copier-answers.yml"
PYPROJECT = "pyproject.toml"
COPIER = "uvx --from 'copier>=9.19.1,<10' --with 'copier-template-extensions>=0.3.4,<0.4' copier"
# Copier merges by git: with other settings of yours it would lose edits, miss a clash, or fail.
SETTINGS = {
    "apply.whitespace": "nowarn",
    "core.excludesFile": os.devnull,
    "core.hooksPath": os.devnull,
    "status.showUntrackedFiles": "normal",
}
BLOCKED = ("FileExistsError", "NotADirectoryError", "IsADirectoryError")
REFUSALS = ("Validation error for question", "Invalid choice", "downgrading", "Not a YAML list")


def compute(top: Path, version: str | None, answers: list[str]) -> Update:
    """Run the update in the scratch work tree at `top`, and read what became of it."""
    project = top / git("rev-parse", "--show-prefix").strip()
    recorded_answers = project / ANSWERS
    require_lasting_address(recorded(recorded_answers, "_src_path"))
    require_own_package(recorded(recorded_answers, "package_name"))
    require_answers(answers)
    before = recorded(recorded_answers, "maturity_level"), recorded(recorded_answers, "_commit")
    copier(project, version, answers)
    require_asked(answers, recorded_answers)
    update = Update(
        level=(before[0], recorded(recorded_answers, "maturity_level")),
        version=(before[1], recorded(recorded_answers, "_commit")),
    )
    settle_merges(top, update)
    git("add", "--all", "--force", cwd=top)
    keep_empty_files(top, update)
    set_aside_rejects(top, update)
    renew_lock(project, update)
    leave_what_is_not_in_git(top, update)
    keep_edited_files(top, update)
    update.tree = git("write-tree", cwd=top).strip()
    for kind, found in (("A", update.added), ("MT", update.changed), ("D", update.gone)):
        listing = ("diff-tree", "-r", "-z", "--no-renames", "--name-only")
        found += names(*listing, f"--diff-filter={kind}", "HEAD", update.tree, cwd=top)
    return update


def require_answers(answers: list[str]) -> None:
    """Raise `WrongInput` for an answer that copier would not understand, or that is given twice."""
    given: dict[str, str] = {}
    for answer in answers:
        key, equals, value = answer.partition("=")
        try:
            YAML(typ="safe").load(value)
        except YAMLError:
            equals = ""
        if not key or not equals:
            message = f"--data {answer!r} is no answer; expected KEY=VALUE, the value as in YAML"
            raise WrongInput(message, 'such as --data "extras=[workshop]"')
        if key in given:
            message = f"{key} is answered twice, with {given[key]} and {value}"
            raise WrongInput(message, "answer it once; --level N is --data maturity_level=N")
        given[key] = value


def require_asked(answers: list[str], recorded_answers: Path) -> None:
    """Raise `WrongInput` for a question that the template does not ask."""
    known = re.findall(r"^([a-z]\w*):", read_text(recorded_answers), re.M)
    for key in (answer.partition("=")[0] for answer in answers):
        if key not in known:
            raise WrongInput(f"the template asks no {key!r}", did_you_mean(key, known))


def never_edited(top: Path, gone: list[str]) -> list[str]:
    """Return those files that are in the last commit as the template once made them."""
    if not gone:
        return []
    prefix = git("rev-parse", "--show-prefix").strip()
    before, recorded_answers = top.parent / "as-generated", top.parent / "answers.yml"
    recorded_answers.write_text(git("show", f"HEAD:{prefix}{ANSWERS}", cwd=top), encoding="utf-8")
    found = {key: recorded(recorded_answers, key) for key in ("_src_path", "_commit")}
    options = ("--vcs-ref", found["_commit"], "--data-file", str(recorded_answers))
    run_copier("copy", *options, found["_src_path"], str(before / prefix), cwd=top)
    return [
        path
        for path in gone
        if (before / path).is_file()
        and (before / path).read_bytes() == blob_bytes(top, f"HEAD:{path}")
    ]


def recorded(answers: Path, key: str) -> str:
    """Return what an answers file records."""
    found = re.search(rf"^{key}: *(.+)$", read_text(answers), re.M)
    return found[1].strip("'\"") if found else "unknown"


def require_lasting_address(source: str) -> None:
    """Raise `WrongInput` when the template is named by a path that counts from some folder."""
    if ":" not in source and not source.startswith(("/", "~")):
        raise WrongInput(
            f"_src_path in {ANSWERS} is {source!r}, which counts from where copier ran; expected "
            f"an address or an absolute path of the template",
            f"write it there, then git commit {ANSWERS}",
        )


def require_own_package(named: str) -> None:
    """Raise `WrongInput` when the package was renamed: new files would go into the old folder."""
    if named != PACKAGE:
        raise WrongInput(
            f"package_name in {ANSWERS} is {named!r}, this code is the package {PACKAGE!r}",
            f"write package_name: {PACKAGE} there, then git commit {ANSWERS}",
        )


def copier(project: Path, version: str | None, answers: list[str]) -> None:
    """Run copier there; what the template refuses is `WrongInput`, in the template's words."""
    options = [part for answer in answers for part in ("--data", answer)]
    options += ["--vcs-ref", version] if version else []
    done = run_copier("update", *options, ".", cwd=project)
    if done.returncode == 0:
        return
    words = cause_of(done.stderr)
    if any(refusal in words for refusal in REFUSALS):
        raise WrongInput(words.split(": ", 1)[-1] if "Error: " in words else words)
    if blocked := re.search(rf"(?:{'|'.join(BLOCKED)})\b.*'(.+?)'", words):
        place = os.path.relpath(blocked[1], project)
        message = f"{place} is a file where the template has a folder, or the other way round"
        raise WrongInput(message, "give yours another name and commit, then update")
    if behind := re.search(r'ForbiddenPathError: "(.+?)" is forbidden', words):
        message = f"{behind[1]} is behind a link of yours that leads out of the repo"
        raise WrongInput(message, "give the link another name and commit, then update")
    raise OutsideFailed(
        f"copier failed, and nothing was changed: {words}",
        f"can it be reached: the template at _src_path in {ANSWERS}, and its version?",
    )


def run_copier(verb: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run copier, whatever becomes of it."""
    # COPIER names another copier, for machines that have one and no network
    program = shlex.split(os.environ.get("COPIER", COPIER))
    command = [*program, verb, "--trust", "--defaults", "--quiet", *arguments]
    try:
        return subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, env=os.environ | settings_of_git()
        )
    except OSError as error:
        message = f"`{program[0]}` does not start: {error.strerror}; nothing was changed"
        raise OutsideFailed(message, "install uv, which brings uvx") from error


def settings_of_git() -> dict[str, str]:
    """Return the variables by which git has `SETTINGS`, behind those that it is given already."""
    given = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    variables = {"GIT_CONFIG_COUNT": str(given + len(SETTINGS))}
    for number, (key, value) in enumerate(SETTINGS.items(), given):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def settle_merges(top: Path, update: Update) -> None:
    """Keep your bytes where both sides made a file; remember what else could not be merged.

    Copier merges a file that both sides made as if it had been empty before.
    """
    empty = git("hash-object", "-t", "blob", os.devnull).strip()
    stages: dict[str, dict[str, tuple[str, str]]] = {}
    for entry in names("ls-files", "--unmerged", "-z", cwd=top):
        (mode, blob, stage), path = entry.split("\t")[0].split(), entry.split("\t")[1]
        stages.setdefault(path, {})[stage] = (mode, blob)
    for path, found in stages.items():
        if found.get("1", ("", empty))[1] == empty and "3" in found:
            update.clashes[path] = needs(path)
            set_aside(top, path, update, blob_bytes(top, found["3"][1]))
        else:
            update.conflicts.append(path)
            update.unmerged += [f"0 {'0' * 40}\t{path}"]
            update.unmerged += [f"{mode} {blob} {n}\t{path}" for n, (mode, blob) in found.items()]


def keep_empty_files(top: Path, update: Update) -> None:
    """Keep an empty file of yours: no file of the template's is empty, and a merge fills yours."""
    empty = git("hash-object", "-t", "blob", os.devnull).strip()
    listing = ("diff", "--cached", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=M", "-z")
    found = names(*listing, "HEAD", cwd=top)
    for entry, path in zip(found[::2], found[1::2], strict=True):
        if entry.split()[2] == empty:
            update.clashes[path] = needs(path)
            set_aside(top, path, update)


def set_aside_rejects(top: Path, update: Update) -> None:
    """Take what could not be applied out of the result, and keep it.

    Where a file of that name is committed copier overwrites it, and merges nothing.
    """
    listing = ("diff", "--cached", "--name-only", "--diff-filter=AM", "-z", "HEAD", "--", "*.rej")
    for path in names(*listing, cwd=top):
        update.rejected.append(path)
        set_aside(top, path, update)


def leave_what_is_not_in_git(top: Path, update: Update) -> None:
    """Keep files of yours that git does not know or ignores, whatever the template brings."""
    real = Path(git("rev-parse", "--show-toplevel").strip())
    listing = ("diff", "--cached", "--name-only", "--diff-filter=A", "-z", "--no-renames", "HEAD")
    for path in names(*listing, cwd=top):
        above = [real / folder for folder in Path(path).parents[:-1]]
        blocked = any(os.path.lexists(p) and (p.is_symlink() or not p.is_dir()) for p in above)
        if os.path.lexists(real / path) or blocked:
            update.clashes[path] = needs(path)
            set_aside(top, path, update)


def keep_edited_files(top: Path, update: Update) -> None:
    """Keep what the template has no more, where somebody edited it."""
    listing = ("diff", "--cached", "--name-only", "--diff-filter=D", "-z", "--no-renames", "HEAD")
    gone = names(*listing, cwd=top)
    unedited = never_edited(top, gone)
    update.kept = [path for path in gone if path not in unedited]
    for path in update.kept:
        git("restore", "--source=HEAD", "--staged", "--worktree", "--", path, cwd=top)


def set_aside(top: Path, path: str, update: Update, content: bytes | None = None) -> None:
    """Keep what the update makes of a file for later; the result has it as the last commit has."""
    update.aside[path] = (top / path).read_bytes() if content is None else content
    git("restore", "--source=HEAD", "--staged", "--worktree", "--", path, cwd=top)


def renew_lock(project: Path, update: Update) -> None:
    """Lock the packages anew, so that the result can be committed; say why not."""
    if not (project / LOCK).is_file() or not git(
        "diff", "--name-only", "HEAD", "--", PYPROJECT, cwd=project
    ):
        return
    if any(Path(path).name == PYPROJECT for path in update.conflicts):
        update.lock = f"is as it was, for {PYPROJECT} has conflicts"
        return
    command = [os.environ.get("UV", "uv"), "lock", "--quiet"]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    except OSError as error:
        update.lock = f"`{command[0]}` does not start: {error.strerror}"
        return
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        update.lock = " ".join(said[:2])  # what failed, and why; a hint may follow
    else:
        git("add", "--force", "--", LOCK, cwd=project)
