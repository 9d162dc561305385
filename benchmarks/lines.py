"""How many lines does a repo of each level have, and whose are they? Prints and writes lines.md."""

import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from pathspec import PathSpec  # noqa: E402 - stands behind the path to tests/
from rendering import CONFIG, LEVELS, OWNERS, render, snapshot, text_files  # noqa: E402

RESULT = ROOT / "benchmarks" / "lines.md"
OWNED = {
    owner.removeprefix("owner_"): PathSpec.from_lines("gitignore", CONFIG[owner]["default"])
    for owner in OWNERS
}
# of the template's files; what no pattern matches is `other`
PARTS = {
    name: PathSpec.from_lines("gitignore", patterns)
    for name, patterns in {
        "glue": ["/src/*/_mlops", "/src/*/__main__.py"],
        "tests of glue": ["/tests/_mlops"],
        "handbook": ["/docs/handbook"],
    }.items()
}
COLUMNS = (*OWNED, *PARTS, "other")


def main() -> int:
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        template = snapshot(Path(place, "clone"))
        table = lines_by_level(
            {n: render(template, Path(place, str(n)), maturity_level=n) for n in LEVELS}
        )
    RESULT.write_text(table, encoding="utf-8")
    print(table, end="")
    return 0


def lines_by_level(repos: dict[int, Path]) -> str:
    """Return a table of the lines in each repo: by owner, then the template's by part."""
    rows = [f"| level | {' | '.join(COLUMNS)} |", f"|---{'|---' * len(COLUMNS)}|"]
    for level, repo in repos.items():
        found = lines(repo)
        rows.append(f"| {level} | {' | '.join(f'{found[name]:,}' for name in COLUMNS)} |")
    return "\n".join(rows) + "\n"


def lines(repo: Path) -> Counter[str]:
    """Count the lines of text by owner; those of the template's also by part."""
    found: Counter[str] = Counter()
    for path, text in text_files(repo):
        count = len(text.splitlines())
        owner = matching(path, OWNED)
        found[owner] += count
        if owner == "template":
            found[matching(path, PARTS) or "other"] += count
    return found


def matching(path: Path, specs: dict[str, PathSpec]) -> str:
    """Return the name whose patterns match a file; empty when none do."""
    return next((name for name, spec in specs.items() if spec.match_file(path)), "")


if __name__ == "__main__":
    sys.exit(main())
