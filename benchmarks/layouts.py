"""What do fresh repos of other tools have for the checks of `readiness`? Writes a page.

Each is made by its own tool, in an environment that is thrown away. One that cannot be had, as
without a network, is left out and named.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "adopt"))

import score  # noqa: E402 - stands behind the path to adopt/

RESULT = ROOT / "docs" / "reference" / "layouts.md"
NAME = "example"
HEAD = [
    "# Other layouts",
    "",
    "What a fresh repo of another tool has for the checks of `readiness`: in each section, for "
    "how many of them is anything there on which they could stand?",
    "Nothing is evidenced in any: a file proves nothing, and a fresh repo of this template begins "
    "at zero as well.",
    "`make bench` writes this page; `uv run adopt/score.py REPO` says the same of a repo of yours, "
    "[check by check](../how-to/adopt.md).",
    "",
]
LAYOUTS: dict[str, tuple[list[str], list[str]]] = {
    "Kedro": (
        ["kedro"],
        [
            "kedro",
            "new",
            "--name",
            NAME,
            "--tools",
            "lint,test,log,docs,data",
            "--example",
            "n",
            "--telemetry",
            "n",
        ],
    ),
    "PyScaffold, data science": (
        ["pyscaffold", "pyscaffoldext-dsproject"],
        ["putup", "--dsproject", NAME],
    ),
    "Dagster": (["dagster"], ["dagster", "project", "scaffold", "--name", NAME]),
    "Hatch": (["hatch"], ["hatch", "new", NAME]),
    "uv, a package": (["uv"], ["uv", "init", "--package", "--no-workspace", NAME]),
}
EVERY = sum(1 for _ in score.checks())


def main() -> int:
    rows, missing = [], []
    for title, (packages, command) in LAYOUTS.items():
        with tempfile.TemporaryDirectory() as place:
            first, *others = packages
            tool = ["uv", "tool", "run", "--quiet", "--from", first]
            tool += [word for package in others for word in ("--with", package)]
            done = subprocess.run([*tool, *command], cwd=place, capture_output=True, text=True)
            if done.returncode or not Path(place, NAME).is_dir():
                missing.append(f"{title}: {(done.stderr or done.stdout).strip()[-200:]}")
                continue
            rows.append(row(title, score.score(Path(place, NAME))))
    for problem in missing:
        print(f"left out: {problem}", file=sys.stderr)
    if missing:
        return 1
    heads = ["layout", *score.SECTIONS, "evidenced"]
    table = [f"| {' | '.join(heads)} |", f"|---{'|---' * (len(heads) - 1)}|", *rows]
    RESULT.write_text("\n".join([*HEAD, *table]) + "\n", encoding="utf-8")
    print("\n".join(table))
    return 0


def row(title: str, found: list[score.Row]) -> str:
    """Return a line of the table: for how many checks of a section anything is there."""
    cells = [title]
    for section in score.SECTIONS:
        mine = [one for one in found if one.section == section]
        cells.append(f"{sum(bool(one.there) for one in mine)} of {len(mine)}")
    return f"| {' | '.join([*cells, f'0 of {EVERY}'])} |"


if __name__ == "__main__":
    sys.exit(main())
