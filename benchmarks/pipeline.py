"""What does the pipeline cost beside a script of the same work? Writes a part of a site's page.

Both run on the starter data of a generated repo, in its environment, in turn; each ratio is the
median of those of its pairs. The script reads, makes features, fits the model and the baselines and
scores them: no checks, records, plots, intervals or importance. Time passes for everything on a
machine, so CPU seconds stand beside the seconds.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from first_run import run  # noqa: E402 - stands behind the path to tests/
from rendering import clean_environment, render, snapshot  # noqa: E402

RESULT = ROOT / "docs" / "reference" / "speed.md"
HEAD = "\n## What the pipeline costs\n"
SCRIPT = """\
from pathlib import Path

import pandas as pd
from late_flights import features, metrics, model, schema
from ruamel.yaml import YAML

given = YAML(typ="safe").load(Path("params.yaml").read_text())
rows = pd.concat(map(pd.read_parquet, sorted(Path("data/raw").glob("*.parquet"))))
rows = rows.sort_values(schema.TIME, kind="stable").reset_index(drop=True)
target = schema.read_target(rows)
rows, target = rows[target.notna()], target[target.notna()]
moments = schema.MOMENTS[: schema.MOMENTS.index(schema.PREDICTION_MOMENT) + 1]
known = [one.name for one in schema.COLUMNS if one.known in moments]
inputs = features.build_features(rows[known])
cut = int(len(rows) * (1 - given["featurize"]["holdout_share"]))
fits = {"model": model.build_model(model.Params(**given["train"])), **model.build_baselines()}
for name, fit in fits.items():
    fit.fit(inputs[:cut], target[:cut])
    found = pd.DataFrame(fit.predict_proba(inputs[cut:]), columns=fit.classes_)
    print(name, metrics.score(target[cut:].reset_index(drop=True), found))
"""
PYTHON = ("uv", "run", "--frozen", "python")
PAIRS = {
    "`repro --force`": ((*PYTHON, "-m", "late_flights", "repro", "--force"), "script"),
    "`dvc repro --force`": ((*PYTHON, "-m", "dvc", "--quiet", "repro", "--force"), "script"),
    "`repro`, nothing to do": ((*PYTHON, "-m", "late_flights", "repro"), "status"),
}
OTHERS = {
    "script": ("a bare script", (*PYTHON, "script.py")),
    "status": ("`dvc status`", (*PYTHON, "-m", "dvc", "status")),
}


@dataclass(frozen=True)
class Taken:
    """What a command took, with all that it started and waited for."""

    seconds: float
    cpu: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one pair each, and no demo")
    parser.add_argument("--show", action="store_true", help="print the table and write nothing")
    given = parser.parse_args()
    pairs = 1 if given.quick else 5
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        template = snapshot(Path(place, "clone"))
        repo = prepared(render(template, Path(place, "late-flights")))
        lines = [*head(pairs), *measured(repo, pairs)]
        if not given.quick:
            script = taken(repo, OTHERS["script"][1])
            for level in (0, 1, 2):
                other = render(template, Path(place, f"level-{level}"), maturity_level=level)
                found = taken(other, ("uv", "run", "just", "demo"))
                lines.append(
                    line(f"`just demo` of level {level}", "a bare script", [(found, script)])
                )
    text = "\n".join(lines) + "\n"
    if not given.show:
        write(text)
    print(text, end="")
    return 0


def write(text: str) -> None:
    """Write the part of the page that is the pipeline's, below that of the service."""
    page = RESULT.read_text(encoding="utf-8")
    RESULT.write_text(page.partition(HEAD)[0] + HEAD + "\n" + text, encoding="utf-8")


def prepared(repo: Path) -> Path:
    """Return a repo whose pipeline has run once: packages, tables and caches are there."""
    (repo / "script.py").write_text(SCRIPT, encoding="utf-8")
    run(repo, "uv", "run", "just", "set-up")
    run(repo, "uv", "run", "just", "repro")
    return repo


def head(pairs: int) -> list[str]:
    """Return what stands above the lines."""
    return [
        "Beside a script that only reads, fits and scores, and beside `dvc status`, in turn.",
        "",
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; {pairs} pairs; "
        f"{os.getloadavg()[0]:.1f} processes wanted the cores at the start.",
        "",
        "| what | beside | s | ratio | CPU s | ratio |",
        "|---|---|---|---|---|---|",
    ]


def measured(repo: Path, pairs: int) -> list[str]:
    """Measure each command and what stands beside it in turn; return a line for each."""
    found: dict[str, list[tuple[Taken, Taken]]] = {name: [] for name in PAIRS}
    for _ in range(pairs):
        for name, (command, beside) in PAIRS.items():
            found[name].append((taken(repo, command), taken(repo, OTHERS[beside][1])))
    return [line(name, OTHERS[PAIRS[name][1]][0], both) for name, both in found.items()]


def taken(repo: Path, command: tuple[str, ...]) -> Taken:
    """Run a command that has to succeed; return what it took."""
    began, before = time.perf_counter(), cpu()
    done = subprocess.run(
        command, cwd=repo, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"error: {' '.join(command)}: {done.stderr[-2000:]}")
    return Taken(time.perf_counter() - began, cpu() - before)


def environment() -> dict[str, str]:
    """Return the environment of a user, who has not bound the threads as our tests do."""
    kept = clean_environment()
    del kept["OMP_NUM_THREADS"]
    return kept


def cpu() -> float:
    """Return the seconds of a core that all children have had."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def line(name: str, beside: str, both: list[tuple[Taken, Taken]]) -> str:
    """Return a line of the table: medians of both, and of their ratios."""
    cells = [name, beside]
    for quantity in ("seconds", "cpu"):
        values = [(getattr(mine, quantity), getattr(other, quantity)) for mine, other in both]
        mine, other = (statistics.median(one[side] for one in values) for side in (0, 1))
        ratio = statistics.median(one / two for one, two in values)
        cells += [f"{mine:.1f} : {other:.1f}", f"{ratio:.1f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
