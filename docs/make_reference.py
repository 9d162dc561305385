"""Which questions does the template ask? Writes docs/reference/questions.md from copier.yml."""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import copier
import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "questions.md"
HEAD = """\
# Questions

Generated from `copier.yml` by `docs/make_reference.py`.

Every question has a default, and `copier copy --defaults` takes them all.
A default that is computed is shown as it comes out for the other defaults.
The default of `owner_name` and `owner_email` is git's identity when you are asked.

| question | asks | type | default | choices |
|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when it is old")
    check = parser.parse_args().check
    page = HEAD + "".join(rows())
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    if check:
        print(f"error: {PAGE.relative_to(ROOT)} is not what copier.yml says", file=sys.stderr)
        print("\nhint: uv run python docs/make_reference.py", file=sys.stderr)
        return 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return 0


def rows() -> list[str]:
    """Return one line of the table for each question that is asked, in order."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    answers = default_answers()
    return [
        f"| `{name}` | {cell(question['help'])} | {question['type']} "
        f"| {default(answers[name])} | {choices(question)} |\n"
        for name, question in config.items()
        if not name.startswith("_") and question.get("when", True)
    ]


def default_answers() -> dict[str, Any]:
    """Return the answers that a repo records when nobody is asked."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the template holds uncommitted work
        copier.run_copy(str(ROOT), folder, vcs_ref="HEAD", defaults=True, quiet=True, unsafe=True)
        text = Path(folder, ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)
    return answers


def default(value: Any) -> str:
    return f"`{value}`" if value != "" else "empty"


def choices(question: dict[str, Any]) -> str:
    """Return the labels of the choices, or nothing for a free answer."""
    return cell("; ".join(question.get("choices", [])))


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
