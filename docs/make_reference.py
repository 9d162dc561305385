"""What does the template ask, and what stays as it is? Writes the pages in docs/reference/."""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import barriers
import copier
import lookup
import poster
import recording
import stability
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
LEVEL = {"maturity_level": 2}
HEAD = """\
# Questions

What Copier asks when it generates a repo, or raises its level.
Every question has a default, and `copier copy --defaults` takes them all.
A default that is computed is shown as it comes out for the other defaults.
The default of `owner_name` and `owner_email` is git's identity when you are asked.
Generated from `copier.yml` by `docs/make_reference.py`.

| question | asks | type | default | choices |
|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when it is old")
    check = parser.parse_args().check
    old = [path for path, text in pages() if not keep(path, text, check)]
    for path in old:
        print(f"error: {path.relative_to(ROOT)} is not what the code says", file=sys.stderr)
    if old:
        print("\nhint: uv run python docs/make_reference.py", file=sys.stderr)
    return 1 if old else 0


def pages() -> Iterator[tuple[Path, str]]:
    """Return each page and its text; both are about the repo of the highest level."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the template holds uncommitted work
        copier.run_copy(
            str(ROOT), folder, LEVEL, vcs_ref="HEAD", defaults=True, quiet=True, unsafe=True
        )
        yield FOLDER / "questions.md", HEAD + "".join(rows(Path(folder)))
        yield FOLDER / "stability.md", stability.page(Path(folder))
        for name, text in lookup.pages(Path(folder)):
            yield FOLDER / name, text
        yield ROOT / "docs/assets/golden-path.svg", poster.drawn(Path(folder))
        yield ROOT / "docs/explanation/barriers.md", barriers.page(Path(folder))
    yield ROOT / "docs/decisions/index.md", lookup.decisions()
    yield ROOT / "docs/assets/roles.svg", lookup.roles()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    yield ROOT / "docs/assets/first-run.svg", recording.drawn(readme)


def keep(path: Path, text: str, check: bool) -> bool:
    """Write a page that is old, or only say that it is."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return True
    if not check:
        path.write_text(text, encoding="utf-8")
    return not check


def rows(repo: Path) -> list[str]:
    """Return one line of the table for each question that is asked, in order."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    answers = yaml.safe_load((repo / ".copier-answers.yml").read_text(encoding="utf-8"))
    answers |= {name: config[name]["default"] for name in LEVEL}
    return [
        f"| `{name}` | {cell(question['help'])} | {question['type']} "
        f"| {default(answers[name])} | {choices(question)} |\n"
        for name, question in config.items()
        if not name.startswith("_") and question.get("when", True)
    ]


def default(value: Any) -> str:
    return f"`{value}`" if value != "" else "empty"


def choices(question: dict[str, Any]) -> str:
    """Return the labels of the choices, or nothing for a free answer."""
    return cell("; ".join(question.get("choices", [])))


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
