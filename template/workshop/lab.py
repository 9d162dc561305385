# The template's. A lab of yours is a new folder in workshop/labs, with the files of the others.
"""Start a lab, check it, get a hint, see the solution, and stop: uv run just lab."""

import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ground
from tools import (
    CHAMPION,
    ROOT,
    OutsideFailed,
    Refused,
    WrongInput,
    errors,
    git,
    module,
    save,
)

LABS = ROOT / "workshop" / "labs"
USAGE = "uv run just lab start|check|hint|solve|stop NUMBER"
DONE, STRENGTHS = "lab {} is solved", (1, 2, 3)


def main(words: list[str]) -> int:
    """Do what was typed; a problem is one line and its exit code, and never a pass."""
    os.chdir(ROOT)
    try:
        act(words)
    except errors.Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        if problem.hint:
            print(f"\nhint: {problem.hint}", file=sys.stderr)
        return int(problem.exit_code)
    return 0


def act(words: list[str]) -> None:
    """Find the verb and the lab that were typed."""
    verbs: dict[str, Callable[..., None]] = {
        "start": start,
        "check": check,
        "hint": hint,
        "solve": solve,
        "stop": stop,
    }
    if not words:
        overview()
        return
    name, *numbers = words
    if name not in verbs:
        raise WrongInput(f"there is no `lab {name}`", USAGE)
    if not numbers or len(numbers) > (2 if name == "hint" else 1):
        raise WrongInput(f"`lab {name}` takes the number of a lab", USAGE)
    lab = find(numbers[0])
    verbs[name](lab, *numbers[1:])


def labs() -> dict[int, Path]:
    """Return the folder of each lab: its name begins with the number."""
    found = {int(path.parent.name.partition("-")[0]): path.parent for path in LABS.glob("*/lab.py")}
    return dict(sorted(found.items()))


def find(number: str) -> Path:
    """Return the folder of one lab."""
    known = labs()
    if not number.isdecimal() or int(number) not in known:
        message = f"there is no lab {number!r}"
        raise WrongInput(message, f"known are: {', '.join(map(str, known))}")
    return known[int(number)]


def number_of(lab: Path) -> int:
    """Return the number of a lab."""
    return int(lab.name.partition("-")[0])


def title(lab: Path) -> str:
    """Return the first heading of a lab's page, without its number."""
    page = (lab / "README.md").read_text(encoding="utf-8")
    heading = re.search(r"^# (?:Lab \d+: )?(.+)$", page, re.M)
    return heading[1] if heading else lab.name


def load(lab: Path) -> Any:
    """Import what a lab does."""
    spec = importlib.util.spec_from_file_location("this_lab", lab / "lab.py")
    if spec is None or spec.loader is None:
        raise WrongInput(f"{lab / 'lab.py'} cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def overview() -> None:
    """List the labs, and say which one runs."""
    state = current()
    for number, lab in labs().items():
        runs = "   <- runs" if state and state.lab == number else ""
        print(f"{number}  {title(lab)}{runs}")
    print(f"\n{USAGE}")


def current() -> ground.Running | None:
    """Return the lab that runs; none where there is no git yet."""
    try:
        return ground.running()
    except OutsideFailed:
        return None


def start(lab: Path) -> None:
    """Break the repo on a branch of its own."""
    number = number_of(lab)
    if state := current():
        same = "already " if state.lab == number else ""
        message = f"lab {state.lab} runs {same}on the branch {state.branch}"
        raise WrongInput(message, f"uv run just lab check {state.lab}, or lab stop {state.lab}")
    require_labels()
    if not (Path("data/raw.dvc").is_file() and CHAMPION.is_file()):
        raise WrongInput("there is no champion yet; each lab begins with one", "uv run just demo")
    ground.require_clean()
    state = ground.enter(number)
    try:
        what = load(lab)
        what.break_it()
        ground.commit_broken(state, what.MESSAGE)
    except BaseException:
        ground.leave(state)
        raise
    page = (lab / "README.md").relative_to(ROOT)
    print(f"lab {number} runs on the branch {state.branch}: {title(lab)}\nread {page}")


def require_labels() -> None:
    """Raise `WrongInput` when the project predicts a number, or says not what it predicts."""
    try:
        labels = module("schema").LABELS
    except Exception as error:
        raise WrongInput(f"schema.py cannot be read: {error!r}", "mend that first") from error
    if not labels:
        message = "this project predicts a number; the labs are made for flights that are late"
        hint = "copy the template once more: --data task=classification --data 'extras=[workshop]'"
        raise WrongInput(f"{message} or on time", hint)


def of_this(lab: Path) -> ground.Running:
    """Return the lab that runs, when it is this one."""
    number, state = number_of(lab), current()
    if state is None:
        raise WrongInput(f"lab {number} does not run", f"uv run just lab start {number}")
    if state.lab != number:
        raise WrongInput(f"lab {state.lab} runs, not {number}", f"uv run just lab stop {state.lab}")
    return state


def on_its_branch(lab: Path) -> ground.Running:
    """Return the lab that runs, when its branch is the current one and it was broken."""
    state = of_this(lab)
    if state.restoring or not state.broken:
        message = f"lab {state.lab} is between two states"
        raise WrongInput(message, f"uv run just lab stop {state.lab}")
    if ground.branch() != state.branch:
        message = f"you are on {ground.branch()}, lab {state.lab} is on {state.branch}"
        raise WrongInput(message, f"git switch {state.branch}")
    return state


def check(lab: Path) -> None:
    """Say of each checkpoint whether it holds; what cannot be checked does not hold."""
    state = on_its_branch(lab)
    problems = [ask(checkpoint, state.broken) for checkpoint in (*points(lab), committed)]
    missing = sum(map(bool, problems))
    if missing:
        message = f"lab {state.lab} is not solved: {missing} of {len(problems)} are missing"
        raise Refused(message, f"uv run just lab hint {state.lab}")
    print(f"{DONE.format(state.lab)}; next: uv run just lab stop {state.lab}")


def points(lab: Path) -> tuple[Callable[[str], str], ...]:
    """Return the checkpoints; one that cannot be loaded says so and is not a pass."""
    try:
        return tuple(load(lab).CHECKPOINTS)
    except Exception as error:
        raise WrongInput(f"the check cannot run: {error!r}", "mend that first") from error


def ask(checkpoint: Callable[[str], str], broken: str) -> str:
    """Print what one checkpoint found, and return what is wrong."""
    sentence = (checkpoint.__doc__ or checkpoint.__name__).splitlines()[0].rstrip(".")
    try:
        problem = checkpoint(broken)
    except errors.Problem as trouble:
        problem = f"cannot be checked: {trouble}"
    except Exception as error:  # whatever a file of the participant's may raise
        problem = f"cannot be checked: {type(error).__name__}: {error}"
    print(f"no   {sentence}\n     {problem}" if problem else f"yes  {sentence}", flush=True)
    return problem


def committed(broken: str) -> str:
    """What you did is committed."""
    del broken
    found = ground.changed()
    return f"git does not have it yet: {', '.join(found[:3])}" if found else ""


def hint(lab: Path, strength: str = "1") -> None:
    """Print a hint: 1 points, 2 says what, 3 says how."""
    if strength not in map(str, STRENGTHS):
        message = f"there is no hint {strength!r}"
        raise WrongInput(message, "a hint has a strength: 1, 2 or 3")
    parts = re.split(r"^## \d.*$", (lab / "hints.md").read_text(encoding="utf-8"), flags=re.M)
    print(parts[int(strength)].strip())
    if strength != str(STRENGTHS[-1]):
        print(f"\nmore: uv run just lab hint {number_of(lab)} {int(strength) + 1}")


def solve(lab: Path) -> None:
    """Put the solution in the place of what was tried, which stays in a commit."""
    state = on_its_branch(lab)
    save("Keep what was tried before the solution")
    git("restore", "--source", state.broken, "--staged", "--worktree", "--", ":/")
    load(lab).solve(state.broken)
    save(f"Solve lab {state.lab}")
    print(
        f"lab {state.lab} has its solution: git diff {state.broken[:7]} shows it\n"
        f"next: uv run just lab check {state.lab}"
    )


def stop(lab: Path) -> None:
    """Go back to the branch, the data and the models of before."""
    state = of_this(lab)
    ground.leave(state)
    print(
        f"lab {state.lab} has stopped, and this folder is as it was before\n"
        f"what you did is on the branch {state.branch}; data and models of it are in "
        f"build/{state.branch}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
