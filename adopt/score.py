# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Hold any repo against the checks of `readiness`: what is there, and what adopting would prove.

Nothing of the repo is run or changed. A file proves nothing, so no check is evidenced by this; it
says what a check could stand on, and at which level of the template a command proves it.
Exit codes: 0 done; 2 there is no such folder, or it is a generated repo, which has `readiness`.
"""

import argparse
import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[1]
CHECKS = TEMPLATE / "template/src/{{package_name}}/_mlops/project/proof/checks"
SECTIONS = ("data", "model", "infrastructure", "monitoring", "organisation")
ANSWERS = ".copier-answers.yml"
FOREIGN = {".git", ".venv", "venv", "env", "node_modules", "__pycache__", "site-packages", ".tox"}
LARGEST, MOST = 200_000, 5_000  # bytes of a file, and files, that are read
CODE = {".py", ".toml", ".txt", ".cfg", ".yml", ".yaml", ".in", ".ipynb", ".sh"}

# what a check could stand on: names of files, or words in code and in what it depends on
TRACES: dict[str, str] = {
    "D1": r"\b(pandera|great_expectations|pydantic|cerberus|jsonschema|soda)\b",
    "D2": r"\b(permutation_importance|shap|feature_importances_)\b",
    "D4": r"\b(pii|gdpr|personal data)\b",
    "D5": r"\b(pii|gdpr|presidio|anonymi[sz]e)\b",
    "D7": r"file:(.*/)?test_[^/]*feature[^/]*\.py|file:(.*/)?test_[^/]*(node|transform)[^/]*\.py",
    "M1": r"file:(.*/)?CODEOWNERS|file:(.*/)?pull_request_template\.md",
    "M2": r"\b(roc_auc_score|accuracy_score|mean_squared_error|f1_score|r2_score)\b",
    "M3": r"\b(optuna|hyperopt|GridSearchCV|RandomizedSearchCV|ray\.tune)\b",
    "M5": r"\b(DummyClassifier|DummyRegressor|baseline)\b",
    "M6": r"\b(fairlearn|slice_metrics|by_slice|subgroup)\b",
    "M7": r"\b(fairlearn|aif360|fairness)\b",
    "I1": r"\b(random_state|random_seed|set_seed|manual_seed)\b",
    "I2": r"file:(.*/)?test_[^/]*(model|train)[^/]*\.py",
    "I3": r"file:(.*/)?(dvc\.yaml|pipeline_registry\.py|pipeline\.py|Snakefile|dagster\.yaml)",
    "I4": r"\b(model_validation|threshold_check|quality_gate)\b",
    "I5": r"\b(mlflow|wandb|neptune|clearml|dvclive|comet_ml)\b",
    "I6": r"\b(canary|argo-rollouts|flagger|seldon|kserve)\b",
    "I7": r"\b(rollback|registered_model|model_registry)\b",
    "Mo1": r"file:\.github/(dependabot\.yml|renovate\.json)|file:(\.gitlab/)?renovate\.json",
    "Mo2": r"\b(fastapi|bentoml|flask|ray\.serve|torchserve)\b",
    "Mo3": r"\b(feast|feature_store|hopsworks)\b",
    "Mo4": r"\b(schedule|cron|airflow|prefect|dagster)\b",
    "Mo5": r"\b(isfinite|isnan|nan_to_num)\b",
    "Mo6": r"\b(locust|k6|pytest-benchmark|prometheus_client)\b",
    "Mo7": r"\b(evidently|nannyml|whylogs|alibi_detect)\b",
    "contract": r"file:(.*/)?contract[^/]*\.(yml|yaml|md)",
    "owners": r"file:(.*/)?CODEOWNERS",
    "card": r"file:(.*/)?model[_-]?card[^/]*\.md",
    "integration": r"\b(schemathesis|pact|TestClient)\b",
    "cost": r"\b(codecarbon|infracost|kubecost)\b",
    "audit": r"file:(.*/)?(CHANGELOG|audit)[^/]*",
}


class WrongInputError(Exception):
    """There is nothing to score, or another command does it better."""


@dataclass(frozen=True)
class Row:
    """One check: the claim, whether anything is there for it, and what the template adds.

    Args:
        id: As `readiness` names it.
        section: Of the ML Test Score, or `organisation`.
        title: The claim.
        there: The first file that it could stand on, empty when nothing was found.
        level: From which the template's own command proves it.
        proof: How.

    """

    id: str
    section: str
    title: str
    there: str
    level: int
    proof: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path, help="the folder of any repo")
    parser.add_argument("--json", action="store_true", help="print every check as JSON")
    given = parser.parse_args()
    try:
        rows = score(given.repo)
    except WrongInputError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    print(json.dumps([asdict(row) for row in rows]) if given.json else table(rows))
    return 0


def score(repo: Path) -> list[Row]:
    """Return every check of `readiness` with what a repo has for it.

    Raises:
        WrongInputError: If there is no such folder, or the template's own command is there.

    """
    if not repo.is_dir():
        raise WrongInputError(f"{repo} is no folder")
    if (repo / ANSWERS).is_file() and (repo / ".evidence").is_dir():
        raise WrongInputError(f"{repo} was generated; it has evidence: uv run just readiness")
    there = traces(repo)
    return [
        Row(
            id=one["id"],
            section=one["section"],
            title=one["title"],
            there=there.get(one["id"], ""),
            level=int(one["level"]),
            proof=one["proof"],
        )
        for one in checks()
    ]


def checks() -> list[dict[str, str]]:
    """Return what the classes of the checks say of themselves, without importing them."""
    found = []
    for path in sorted(CHECKS.glob("[!_]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                said = {"section": path.stem} if path.stem in SECTIONS else {}
                said |= {
                    line.targets[0].id: str(line.value.value)
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    and isinstance(line.targets[0], ast.Name)
                    and isinstance(line.value, ast.Constant)
                }
                if {"id", "section", "title", "level"} <= said.keys():
                    found.append({"proof": said.get("sign", "a person signs"), **said})
    return sorted(found, key=in_order)


def in_order(one: dict[str, str]) -> tuple[int, str, int]:
    """Return where a check stands: by section, then D2 before D10."""
    letters = one["id"].rstrip("0123456789")
    return SECTIONS.index(one["section"]), letters, int(one["id"][len(letters) :] or 0)


def traces(repo: Path) -> dict[str, str]:
    """Return for each check the first file that it could stand on."""
    names = {key: word for key, word in TRACES.items() if word.startswith("file:")}
    words = {key: re.compile(word) for key, word in TRACES.items() if key not in names}
    patterns = {
        key: re.compile(word.replace("file:", ""), re.IGNORECASE) for key, word in names.items()
    }
    found: dict[str, str] = {}
    for path in files(repo):
        name = path.relative_to(repo).as_posix()
        for key, pattern in patterns.items():
            if key not in found and pattern.fullmatch(name):
                found[key] = name
        if path.suffix not in CODE or not words.keys() - found.keys():
            continue
        try:
            text = path.read_bytes()[:LARGEST].decode(errors="replace")
        except OSError:
            continue
        for key in words.keys() - found.keys():
            if words[key].search(text):
                found[key] = name
    return found


def files(repo: Path) -> Iterator[Path]:
    """Give the files of a repo, but for those of others, and not without end."""
    count = 0
    for folder, below, names in os.walk(repo):
        below[:] = sorted(name for name in below if name not in FOREIGN)
        for name in sorted(names):
            count += 1
            if count > MOST:
                return
            if (path := Path(folder, name)).is_file():
                yield path


def table(rows: list[Row]) -> str:
    """Return the checks for people, and what adopting would add."""
    wide = max(len(row.title) for row in rows)
    lines = [
        f"{row.id:<11} {row.title:<{wide}}  {row.there or '-'}" + f"  (level {row.level})"
        for row in rows
    ]
    for section in SECTIONS:
        mine = [row for row in rows if row.section == section]
        seen = sum(bool(row.there) for row in mine)
        lines.append(f"{section:<16} evidenced 0 of {len(mine)}; something is there for {seen}")
    levels = [sum(row.level == level for row in rows) for level in (0, 1, 2)]
    lines += [
        "",
        "A file proves nothing, so nothing is evidenced by this.",
        f"With the template, commands prove {levels[0]} of these at level 0, {levels[1]} more at "
        f"level 1 and {levels[2]} at level 2, or a person signs them.",
        "What adopting would add here: uv run adopt/adopt.py REPO",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
