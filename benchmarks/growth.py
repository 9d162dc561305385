"""How does the work of a command grow with the rows it is given? Writes a part of a site's page.

Each command gets files of the starter data, repeated week after week, of three sizes, each a fixed
number of times the one before. CPU seconds are `start + work * rows ** slope`: what is added from
one size to the next grows by `factor ** slope`, whatever the start takes. A slope of 1 is work in
proportion to the rows.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from pipeline import PYTHON, RESULT, cpu, environment

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "docs")]

from first_run import run  # noqa: E402 - stands behind the path to tests/
from records import copied_code  # noqa: E402
from rendering import render, snapshot  # noqa: E402

HEAD = "\n## How the work grows\n"
FACTOR = 4
MOST = 1.1  # a slope above it is for somebody to mend
COMMANDS = {
    "validate": ("validate", "{file}"),
    "predict": ("predict", "--input", "{file}", "--output", "predicted.parquet"),
    "drift": ("drift", "{file}"),
    # forced: what looks broken in rows of another year is looked for all the same
    "ingest": ("ingest", "{file}", "--force", "to measure it"),
}
MAKE = """\
import sys
from pathlib import Path

import pandas as pd
from late_flights import schema

rows = pd.concat(map(pd.read_parquet, sorted(Path("data/raw").glob("*.parquet"))))
wanted, years = int(sys.argv[1]), []
while sum(map(len, years)) < wanted:
    moved = rows[schema.TIME] + pd.Timedelta(weeks=40 * (len(years) + 1))
    years.append(rows.assign(**{schema.TIME: moved}))
pd.concat(years, ignore_index=True).head(wanted).to_parquet(sys.argv[2])
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files, each once")
    parser.add_argument("--show", action="store_true", help="print the table and write nothing")
    given = parser.parse_args()
    smallest, repeats = (20_000, 1) if given.quick else (100_000, 3)
    sizes = [smallest * FACTOR**step for step in range(3)]
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        template = snapshot(Path(place, "clone"))
        rendered = render(template, Path(place, "late-flights"), maturity_level=1)  # has `ingest`
        repo = prepared(rendered, sizes)
        found = {name: measured(repo, words, sizes, repeats) for name, words in COMMANDS.items()}
    text = "\n".join([*head(sizes, repeats), *map(line, found.items())]) + "\n"
    if not given.show:
        page = RESULT.read_text(encoding="utf-8")
        RESULT.write_text(page.partition(HEAD)[0] + HEAD + "\n" + text, encoding="utf-8")
    print(text, end="")
    return 0


def prepared(repo: Path, sizes: list[int]) -> Path:
    """Return a repo with a champion, and a file of each size."""
    for step in ("set-up", "repro", "register", "promote"):
        run(repo, "uv", "run", "just", step)
    for size in sizes:
        run(repo, *PYTHON, "-c", MAKE, str(size), f"{size}.parquet")
    return repo


def measured(
    repo: Path, words: tuple[str, ...], sizes: list[int], repeats: int
) -> tuple[list[float], float]:
    """Return the CPU seconds for each size, medians of files asked in turn, and the slope."""
    taken = [[cpu_of(repo, words, size) for size in sizes] for _ in range(repeats)]
    found = [statistics.median(one) for one in zip(*taken, strict=True)]
    return found, slope(found)


def slope(found: list[float]) -> float:
    """Return the exponent by which work grows, start taken out; nan when nothing was added."""
    first, second = found[1] - found[0], found[2] - found[1]
    return math.log(second / first, FACTOR) if first > 0 < second else math.nan


def cpu_of(repo: Path, words: tuple[str, ...], size: int) -> float:
    """Run a command on the file of a size; it may say no, but has to answer.

    It happens in a copy: to ingest a file moves it and commits.
    """
    with tempfile.TemporaryDirectory() as place:
        copy = copied_code(repo, Path(place, "late-flights"))
        filled = [word.format(file=f"{size}.parquet") for word in words]
        command = (str(repo / ".venv/bin/python"), "-m", "late_flights", *filled)
        where = environment() | {"PYTHONPATH": str(copy / "src")}
        before = cpu()
        done = subprocess.run(command, cwd=copy, env=where, capture_output=True, text=True)
        taken = cpu() - before
    if done.returncode > 1:
        raise SystemExit(f"error: {' '.join(command)}: {done.stderr[-2000:]}")
    return taken


def head(sizes: list[int], repeats: int) -> list[str]:
    """Return what stands above the lines."""
    return [
        "CPU seconds on files of three sizes; a slope of 1 is work in proportion to the rows.",
        f"What starting takes is in the seconds and not in the slope; above {MOST} one is marked.",
        "",
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; medians of {repeats}.",
        "",
        f"| command | {' | '.join(f'{size:,} rows' for size in sizes)} | slope |",
        "|---|---|---|---|---|",
    ]


def line(named: tuple[str, tuple[list[float], float]]) -> str:
    """Return a line of the table; one that grows faster than its rows stands out."""
    name, (found, grows) = named
    said = "none" if math.isnan(grows) else f"**{grows:.2f}**" if grows > MOST else f"{grows:.2f}"
    return f"| `{name}` | {' | '.join(f'{one:.1f}' for one in found)} | {said} |"


if __name__ == "__main__":
    sys.exit(main())
