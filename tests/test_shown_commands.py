"""Does every command that a page or a message shows exist, with the options that it shows?"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from rendering import EXTRAS, LEVELS, ROOT, TASKS

PACKAGE, SLUG = "late_flights", "late-flights"
REST = r"(?P<rest>[^`&|\n]*)"
JUST = re.compile(r"\buv run just\b" + REST)
CLI = re.compile(rf"\buv run (?:--frozen python -m {PACKAGE}|{SLUG})\b(?![./:]){REST}")
MAKE = re.compile(r"(?:^ *\$ |`)make (?P<rest>[^`&|\n]*)", re.MULTILINE)
SPAN = re.compile(r"`(?P<name>[a-z][a-z-]*)(?P<rest> [^`\n]+)`")
ROW = re.compile(r"\| (?P<cell>`[^|]+) \|(?: (?P<level>\d) \|)?")
NAMES = re.compile(r"`([a-z][a-z-]*)[^`]*`")
RECIPE = re.compile(r"^([a-z][a-z0-9-]*)((?: [^:\n]*)?):(?!=)", re.MULTILINE)
HELP = {"--help", "-h"}
# the first words of a command in a message: both need `uv run …` before them
BARE = re.compile(
    r"(?:^|, |: |; |or |then |and )"
    r"(?:dvc (?:add|checkout|pull|push)|[a-z-]+ --[a-z-]+ (?:[\"A-Z]|$))"
)


@dataclass(frozen=True)
class Known:
    """What a repo offers: the options of each command, and which recipes take any.

    A recipe that takes options takes those of the command of its name; `pytest` has its own.
    """

    commands: dict[str, set[str]]
    recipes: dict[str, bool]
    targets: set[str]
    level: int

    def wrong_command(self, words: list[str], page: str = "") -> str:
        """Return what is wrong with a command and its options, or nothing."""
        name = words[0] if words else "--help"
        if name.isupper() or name in HELP or f"/{name.replace('-', '_')}.py" in page:
            return ""
        if name not in self.commands:
            return f"no command {name!r}"
        unknown = options(words) - self.commands[name] - HELP
        return f"{name} has no {', '.join(sorted(unknown))}" if unknown else ""

    def wrong_recipe(self, words: list[str], page: str = "") -> str:
        """Return what is wrong with a recipe and its options, or nothing."""
        name = words[0] if words else "help"
        if name.startswith("--") or name.isupper():
            return ""  # an option of just itself, or a word for any recipe
        if name not in self.recipes:
            return f"no recipe {name!r}"
        if name in self.commands and self.recipes[name]:
            return self.wrong_command(words, page)
        unknown = options(words) if not self.recipes[name] else set()
        return f"the recipe {name} takes no {', '.join(sorted(unknown))}" if unknown else ""


def options(words: list[str]) -> set[str]:
    """Return the options among the words of a command, without their values."""
    names = (word.partition("=")[0] for word in words)
    return {name for name in names if name.startswith("--") and name != "--"}


def split(rest: str) -> list[str]:
    """Return words without the punctuation of a sentence or of Python around them."""
    return [word for given in rest.split() if (word := given.strip("[](){}\"',.;:"))]


def known(repo: Path) -> Known:
    """Read the commands, recipes and make targets; nothing is run or imported."""
    glue = (repo / "src" / PACKAGE / "_mlops").glob("*/*.py")
    files = [path for path in glue if "\ndef command(" in path.read_text(encoding="utf-8")]
    recipes: dict[str, bool] = {}
    for path in (repo / "just").glob("*.just"):
        for name, parameters in RECIPE.findall(path.read_text(encoding="utf-8")):
            recipes[name] = recipes.get(name, False) or "*" in parameters
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return Known(
        {path.stem.replace("_", "-"): options_of(path) for path in files},
        recipes,
        set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)),
        int(yaml.safe_load((repo / ".copier-answers.yml").read_text())["maturity_level"]),
    )


def options_of(path: Path) -> set[str]:
    """Return the options that the decorators of a file name."""
    calls = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    return {
        spelling
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "option"
        for given in call.args
        if isinstance(given, ast.Constant)
        for spelling in str(given.value).split("/")
        if spelling.startswith("-")
    }


def wrong(text: str, known: Known) -> Iterator[str]:
    """Yield what is wrong with the commands that a text shows."""
    for found in JUST.finditer(text):
        yield known.wrong_recipe(split(found["rest"]), text)
    for found in CLI.finditer(text):
        yield known.wrong_command(split(found["rest"]), text)
    for found in MAKE.finditer(text):
        target = split(found["rest"])[0]
        yield "" if target in known.targets else f"no make target {target!r}"
    for found in SPAN.finditer(text):
        if found["name"] in known.commands:
            yield known.wrong_command([found["name"], *split(found["rest"])], text)
    yield from wrong_rows(text, known)


def wrong_rows(text: str, known: Known) -> Iterator[str]:
    """Yield what is wrong in the first column of tables of commands and of recipes."""
    head = ""
    for line in text.splitlines():
        if not line.startswith("|"):
            head = ""
        elif not head:
            head = line.split("|")[1].strip()
        elif head in ("command", "recipe") and (row := ROW.match(line)):
            if int(row["level"] or 0) > known.level:
                continue
            names: dict[str, set[str]] | dict[str, bool]
            names = known.commands if head == "command" else known.recipes
            yield from (f"no {head} {n!r}" for n in NAMES.findall(row["cell"]) if n not in names)


def not_on_the_path(path: Path) -> list[str]:
    """Return the messages of a file that tell a person to type what a shell does not find."""
    tree = ast.parse(path.read_bytes())
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [text for text in strings if isinstance(text, str) and BARE.search(text)]


def all_wrong(folder: Path, pages: list[Path], known: Known) -> list[str]:
    """Return what is wrong in the pages of a folder, with the name of the page."""
    return [
        f"{page.relative_to(folder)}: {problem}"
        for page in pages
        for problem in wrong(page.read_text(encoding="utf-8"), known)
        if problem
    ]


def pages_of(folder: Path, *patterns: str) -> list[Path]:
    """Return files by pattern; each pattern has to find one."""
    found = {pattern: sorted(folder.glob(pattern)) for pattern in patterns}
    assert all(found.values()), found
    return [page for pages in found.values() for page in pages]


def test_what_a_generated_repo_shows_exists(repo: Path) -> None:
    patterns = ("*.md", "docs/**/*.md", "src/**/*.py", "tests/**/*.py", "*.yaml", "*.just")

    assert all_wrong(repo, pages_of(repo, *patterns), known(repo)) == []


def test_a_message_shows_commands_as_one_types_them(repo: Path) -> None:
    found = {path.name: not_on_the_path(path) for path in (repo / "src").rglob("_mlops/**/*.py")}

    assert {name: texts for name, texts in found.items() if texts} == {}


def test_what_the_template_s_pages_show_exists(generate: Callable[..., Path]) -> None:
    repo = generate(maturity_level=max(LEVELS), extras=EXTRAS)

    assert all_wrong(ROOT, pages_of(ROOT, "*.md", "docs/**/*.md"), known(repo)) == []


def test_every_command_and_recipe_is_in_the_handbook(repo: Path) -> None:
    pages = pages_of(repo, "docs/handbook/*.md")
    rows = "\n".join(line for page in pages for line in table_lines(page))
    told = set(NAMES.findall(rows))
    offered = known(repo)

    assert set(offered.commands) | set(offered.recipes) - {"help"} <= told


def test_the_handbook_has_the_sections_of_the_tree(
    repos: Callable[[int, str], Path], repo: Path
) -> None:
    """A command stands under the name of its folder, with the first level that has it."""
    page = (repo / "docs/handbook/commands.md").read_text(encoding="utf-8")
    shown: dict[str, dict[str, int]] = {}
    for section, rows in re.findall(r"^## (\w+)\n\n\| command .*\n.*\n((?:\|.*\n)+)", page, re.M):
        found = re.findall(r"^\| `([a-z-]+)[^|]*\| (\d) \|", rows, re.M)
        shown[section.lower()] = {name: int(level) for name, level in reversed(found)}
    offered: dict[str, dict[str, int]] = {}
    for level in reversed(LEVELS):
        for path in (repos(level, TASKS[0]) / "src" / PACKAGE / "_mlops").glob("*/*.py"):
            if "\ndef command(" in path.read_text(encoding="utf-8"):
                offered.setdefault(path.parent.name, {})[path.stem.replace("_", "-")] = level

    assert shown == offered


def table_lines(page: Path) -> list[str]:
    """Return the first column of the tables of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [line.split("|")[1] for line in lines if line.startswith("| `")]


def test_the_options_of_a_command_are_read_from_its_file(repo: Path) -> None:
    assert known(repo).commands["predict"] == {"--input", "--output", "--engine"}
    assert known(repo).commands["card"] == {"--draft", "--check"}
    assert known(repo).recipes["register"]
    assert not known(repo).recipes["push"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("$ uv run just repr\n", "no recipe 'repr'"),
        ("$ uv run just push --now\n", "the recipe push takes no --now"),
        ("`uv run just register --forced why`", "register has no --forced"),
        ("$ uv run late-flights predikt --input x\n", "no command 'predikt'"),
        ("$ uv run late-flights predict --in=x\n", "predict has no --in"),
        ("say `card --chekc` to see", "card has no --chekc"),
        ("`uv run --frozen python -m late_flights nothing`", "no command 'nothing'"),
        ("$ make tests\n", "no make target 'tests'"),
        ("| command | reads |\n|---|---|\n| `trian` | x |\n", "no command 'trian'"),
        ("| recipe | does |\n|---|---|\n| `demo`, `bild` | x |\n", "no recipe 'bild'"),
    ],
)
def test_a_command_that_does_not_exist_is_found(
    repos: Callable[[int, str], Path], text: str, problem: str
) -> None:
    found = wrong(text, known(repos(LEVELS[0], TASKS[0])))

    assert [said for said in found if said] == [problem]
