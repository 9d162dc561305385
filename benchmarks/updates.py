"""What does an update change in a repo that people live in, and how long does it take?

Counts files per step and times an update beside a copy in the same run; writes updates.md, and
quotes its tables between markers in docs/how-to/update.md.
"""

import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from pathspec import PathSpec  # noqa: E402
from rendering import (  # noqa: E402
    CONFIG,
    commit_all,
    git,
    render,
    snapshot,
    text_files,
    update,
)
from used_repo import conflicts, contents, losses, work_in  # noqa: E402 - stands in tests/

RESULT = ROOT / "benchmarks" / "updates.md"
PAGE = ROOT / "docs" / "how-to" / "update.md"
COUNTS = ("<!-- counts:begin -->\n", "<!-- counts:end -->\n")
RATIO = ("<!-- ratio:begin -->\n", "<!-- ratio:end -->\n")
OLD, NEW = "v1000.0.0", "v1000.1.0"
STEPS = {
    "level 0 to 1": (0, 1, OLD),
    "level 1 to 2": (1, 2, OLD),
    "level 0 to 2": (0, 2, OLD),
    "next version at level 1": (1, 1, NEW),
}


def main() -> int:
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        template = versions(snapshot(Path(place, "clone")))
        table = counts(template, Path(place))
        ratio = times(template, Path(place))
    RESULT.write_text(f"{table}\n{ratio}", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(quoted(quoted(page, COUNTS, table), RATIO, ratio), encoding="utf-8")
    return 0


def versions(template: Path) -> Path:
    """Tag the template of today, and a next version with one edit and one new file."""
    git(template, "tag", OLD)
    with (template / "template/justfile").open("a", encoding="utf-8") as file:
        file.write("# a last line of the next version\n")
    page = template / "template/docs/handbook/what-is-new.md"
    page.write_text("<!-- The template's: yours stands elsewhere. -->\n", encoding="utf-8")
    commit_all(template, "The next version")
    git(template, "tag", NEW)
    return template


def counts(template: Path, place: Path) -> str:
    """Return a table of what each step did to a repo of its level that was lived in."""
    rows = ["| step | files added | changed | in conflict | yours lost |", "|---|---|---|---|---|"]
    for name, (low, high, version) in STEPS.items():
        repo = render(template, place / name.replace(" ", "-"), OLD, maturity_level=low)
        patterns = PathSpec.from_lines("gitignore", CONFIG["owner_yours"]["default"])
        used = work_in(repo, [p for p, _ in text_files(repo) if patterns.match_file(p)], [])
        update(repo, version, maturity_level=high)
        after = contents(repo)
        added = after.keys() - used.before.keys()
        changed = [p for p in after.keys() & used.before.keys() if after[p] != used.before[p]]
        numbers = (len(added), len(changed), len(conflicts(repo)), len(losses(used)))
        rows.append(f"| {name} | " + " | ".join(map(str, numbers)) + " |")
    return "\n".join(rows) + "\n"


def times(template: Path, place: Path, rounds: int = 3) -> str:
    """Return how many copies an update takes, each measured beside the other."""
    ratios = []
    for n in range(rounds):
        repo = place / f"timed-{n}"
        copy = seconds(lambda repo=repo: render(template, repo, OLD, maturity_level=0))
        git(repo, "init", "--quiet")
        commit_all(repo, "Generated")
        raised = seconds(lambda repo=repo: update(repo, OLD, maturity_level=1))
        ratios.append(raised / copy)
        shutil.rmtree(repo)
    return f"An update took {median(ratios):.1f} times as long as a copy (median of {rounds}).\n"


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def quoted(page: str, markers: tuple[str, str], text: str) -> str:
    """Return the page with this text between the markers."""
    head, begin, rest = page.partition(markers[0])
    _, end, tail = rest.partition(markers[1])
    assert end, f"{PAGE} lacks {markers}"
    return f"{head}{begin}{text}{end}{tail}"


if __name__ == "__main__":
    sys.exit(main())
