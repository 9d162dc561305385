# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 4: the same code gives two models."""

import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
from tools import SOURCE, edit, git, module, save

MESSAGE = "Let the model draw as it likes, and stop fighting over uv.lock"
MODEL, LOCK, IGNORED = SOURCE / "model.py", "uv.lock", Path(".gitignore")
SEEDED = "            random_state=params.seed,\n"
TREES = 15  # enough to see a difference, and quick


def break_it() -> None:
    """Take the seed away, and the lock out of git."""
    edit(MODEL, (SEEDED, ""))
    git("rm", "--quiet", "--cached", LOCK)
    with IGNORED.open("a", encoding="utf-8") as file:
        file.write(f"/{LOCK}\n")


def fitted(seed: int) -> bytes:
    """Return what a small model answers that was trained with a seed."""
    config, paths, model = module("_mlops.config"), module("_mlops.paths"), module("model")
    given: Any = config.train_params(config.load_params(), model)
    params = given.model_copy(update={"seed": seed, "max_iter": TREES})
    table = pd.read_parquet(paths.FEATURES / "train.parquet")
    inputs, target = table.drop(columns=module("schema").TARGET), table[module("schema").TARGET]
    found = model.build_model(params).fit(inputs, target).predict_proba(inputs.head(2000))
    return io.BytesIO(found.tobytes()).getvalue()


def same_seed(broken: str) -> str:
    """The same seed gives the same model."""
    return "" if fitted(1) == fitted(1) else "two trainings with seed 1 gave two models"


def seed_counts(broken: str) -> str:
    """The seed is the one of params.yaml: another one gives another model."""
    text = Path("params.yaml").read_text(encoding="utf-8")
    if not re.search(r"^  seed: \d+", text, re.M):
        return "there is no `seed` under `train` in params.yaml"
    if fitted(1) == fitted(2):
        return "seeds 1 and 2 give the same model, so the number in params.yaml means nothing"
    return ""


def lock_in_git(broken: str) -> str:
    """Git holds the lock, as it was."""
    if not git("ls-tree", "--name-only", "HEAD", "--", LOCK):
        return f"the last commit has no {LOCK}: a clone gets whatever is newest that day"
    if git("rev-parse", f"HEAD:./{LOCK}") != git("rev-parse", f"{broken}~1:./{LOCK}"):
        return f"{LOCK} names other packages than before"
    return ""


def lock_not_ignored(broken: str) -> str:
    """Git does not ignore the lock."""
    rules = [line.strip() for line in IGNORED.read_text(encoding="utf-8").splitlines()]
    return f".gitignore has the line {rule[0]!r}" if (rule := rules_on(rules)) else ""


def rules_on(rules: list[str]) -> list[str]:
    """Return the lines of .gitignore that mean the lock."""
    return [rule for rule in rules if rule in (LOCK, f"/{LOCK}", "*.lock", "/*.lock")]


CHECKPOINTS = (same_seed, seed_counts, lock_in_git, lock_not_ignored)


def solve(broken: str) -> None:
    """Bring back seed and lock."""
    git("checkout", f"{broken}~1", "--", str(MODEL), LOCK, str(IGNORED))
    save("Draw by the seed of params.yaml, and lock the packages")


def seed_by_hand(broken: str) -> None:
    """Write a number into the code."""
    git("checkout", f"{broken}~1", "--", str(MODEL), LOCK, str(IGNORED))
    edit(MODEL, ("random_state=params.seed", "random_state=42"))


def lock_by_force(broken: str) -> None:
    """Add the lock by force, and leave the line that ignores it."""
    git("checkout", f"{broken}~1", "--", str(MODEL))
    git("add", "--force", LOCK)


def seed_alone(broken: str) -> None:
    """Mend the seed, and forget the packages."""
    git("checkout", f"{broken}~1", "--", str(MODEL))


MISTAKES = (seed_by_hand, lock_by_force, seed_alone)
