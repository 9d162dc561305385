"""From how many rows does `predict --engine ray` pay? Writes a part of the page of the extra.

On two nodes that Ray simulates on this machine, the seconds of a core of the command that feeds
the nodes are what no further node takes away; those of the same command without an engine stand
beside them. Cores are counted, not time: here all nodes share them.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from first_run import run  # noqa: E402 - stands behind the path to tests/
from rendering import clean_environment, render, snapshot  # noqa: E402

PAGE = ROOT / "docs" / "how-to" / "ray.md"
MARKS = ("<!-- ray:begin -->\n", "<!-- ray:end -->\n")
NODES = ROOT / "tests" / "two_nodes.py"
SIZES = (100_000, 800_000)
MAKE = """\
import sys
from pathlib import Path
import pandas as pd
rows = pd.concat(map(pd.read_parquet, sorted(Path("data/raw").glob("*.parquet"))))
count = int(sys.argv[1])
pd.concat([rows] * (count // len(rows) + 1)).head(count).to_parquet("in.parquet")
"""
PREDICT = ("predict", "--input", "in.parquet", "--output", "out.parquet")
WITH_RAY = ("uv", "run", "--frozen", "--with", "ray>=2.50,<3", "python")


@dataclass(frozen=True)
class Taken:
    """What a command took."""

    cpu: float
    megabytes: float


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        template = snapshot(Path(place, "clone"))
        repo = render(template, Path(place, "late-flights"), extras=["ray"])
        for recipe in ("set-up", "repro", "register", "promote"):
            run(repo, "uv", "run", "just", recipe)
        found = {rows: measured(repo, rows) for rows in SIZES}
    text = "\n".join(table(found)) + "\n"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(before + MARKS[0] + text + MARKS[1] + after, encoding="utf-8")
    print(text, end="")
    return 0


def measured(repo: Path, rows: int) -> tuple[Taken, Taken]:
    """Return what a file of so many rows takes here, and by the command that feeds two nodes."""
    run(repo, "uv", "run", "python", "-c", MAKE, str(rows))
    verb = ("python", "-m", "late_flights", *PREDICT)
    here = taken(repo, "uv", "run", "--frozen", "python", str(NODES), "", *verb)
    there = taken(repo, *WITH_RAY, str(NODES), "never said", *verb, "--engine", "ray")
    return here, there


def taken(repo: Path, *command: str) -> Taken:
    """Run a command beside nodes or none; return what it says that it took."""
    given = clean_environment()
    done = subprocess.run(command, cwd=repo, env=given, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("took ")]
    _, cpu, megabytes = line.split()
    return Taken(float(cpu), float(megabytes))


def table(found: dict[int, tuple[Taken, Taken]]) -> list[str]:
    """Return the lines of the page."""
    few, many = SIZES
    slopes = [
        (found[many][side].cpu - found[few][side].cpu) / (many - few) * 1e6 for side in (0, 1)
    ]
    start = max(0.0, found[few][1].cpu - slopes[1] * few / 1e6)
    begin = max(0.0, found[few][0].cpu - slopes[0] * few / 1e6)
    lines = [
        "| rows | here, s of a core | MB | the command that feeds the nodes, s of a core | MB |",
        "|---|---|---|---|---|",
    ]
    for rows, (here, there) in found.items():
        cells = [f"{here.cpu:.1f}", f"{here.megabytes:.0f}"]
        cells += [f"{there.cpu:.1f}", f"{there.megabytes:.0f}"]
        lines.append(f"| {rows:,} | {' | '.join(cells)} |")
    said = f"A million rows take {slopes[0]:.0f} s of a core here, {slopes[1]:.0f} s in the command"
    lines += ["", f"{said} that feeds the nodes; {os.cpu_count()} cores, {WITH_RAY[4]}."]
    if slopes[0] > slopes[1]:
        even = max(0.0, start - begin) / (slopes[0] - slopes[1]) * 1e6
        factor = slopes[0] / slopes[1]
        lines.append(
            f"With nodes enough it pays from {max(even, few):,.0f} rows on,"
            f" and is at most {factor:.0f} times as fast as one core."
        )
    else:
        lines.append("The command that feeds the nodes takes as long as the work: it does not pay.")
    return lines


if __name__ == "__main__":
    sys.exit(main())
