"""What stands between a model and production, and what proves that it is out of the way?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from lookup import table
from source import ROOT, classes, glue, plain

PROSE = ROOT / "docs/barriers.yaml"
LABS = ROOT / "template/workshop/labs"
CHECKS = "project/proof/checks"
TRY = "uv run just readiness --run"  # what an experiment is shown by
SIGN = "a person signs"


def page(repo: Path) -> str:
    """Return the page: what people wrote about each barrier, and what the checks say."""
    checks = list(found(repo))
    parts = [written()["head"]]
    for one in prose():
        if "cluster" in one:
            parts.append(f"\n## {one['cluster']}\n")
        own = [check for check in checks if one["number"] in check["barriers"]]
        parts.append(section(one, own))
    return "".join([*parts, "\n", written()["tail"]])


def written() -> dict[str, Any]:
    """Return what people wrote."""
    content: dict[str, Any] = yaml.safe_load(PROSE.read_text(encoding="utf-8"))
    return content


def prose() -> list[dict[str, Any]]:
    """Return what people wrote about each of the seven, in the order of the review's clusters."""
    found: list[dict[str, Any]] = written()["barriers"]
    if sorted(one["number"] for one in found) != list(range(1, 8)):
        raise LookupError(f"{PROSE.name}: expected each of 7 barriers once")
    return found


def section(one: dict[str, Any], checks: list[dict[str, Any]]) -> str:
    """Return what a page says about one barrier."""
    levels = [(str(number), said) for number, said in sorted(one["levels"].items())]
    rows = [
        (f"`{each['id']}`", str(each["level"]), each["title"], each["proof"], shown(each))
        for each in sorted(checks, key=lambda each: each["level"])
    ]
    signed = "; ".join(f"{each['sign']} (`{each['id']}`)" for each in checks if each["sign"])
    (lab,) = LABS.glob(f"{lab_of(one['number'])}-*/README.md.jinja")
    return (
        f"\n### {one['name']} (5.{one['number']})\n\n"
        f"**How it looks.** {sentences(one['looks'])}\n\n"
        f"**What the repo does.**\n\n{table(('from level', 'it does'), levels)}\n"
        f"**What proves it.**\n\n{table(('check', 'level', 'claim', 'proof', 'show it'), rows)}\n"
        f"**What stays with the team.** {sentences(one['stays'])}\n"
        f"A person signs: {signed}.\n\n"
        f"**Feel it.** Lab {lab_of(one['number'])}, *{lab_title(lab)}*.\n"
    )


def sentences(text: str) -> str:
    """Return a text with one sentence a line."""
    return re.sub(r"(?<=[.!?]) (?=[A-Z])", "\n", text.strip())


def shown(check: dict[str, Any]) -> str:
    """Return the command by which a check is shown."""
    return check["show"] if check["show"] == SIGN else f"`{check['show']}`"


def lab_of(barrier: int) -> int:
    """Return the number of the lab about a barrier, as the handbook has it."""
    text = (ROOT / "template/docs/handbook/readiness.md").read_text(encoding="utf-8")
    return int(re.findall(rf"\*\*{barrier}\. [^*]+\*\*\n.*\nChecks: .*\. Lab: (\d)\.", text)[0])


def lab_title(path: Path) -> str:
    return re.findall(r"^# Lab \d: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)[0]


def found(repo: Path) -> Iterator[dict[str, Any]]:
    """Yield what each check says about itself."""
    for path in sorted((glue(repo) / CHECKS).glob("[!_]*.py")):
        for node in classes(path).values():
            said = {
                one.targets[0].id: one.value
                for one in node.body
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
            }
            if "id" not in said:
                continue
            signed = "Signed" in map(ast.unparse, node.bases)
            yield {
                **{key: plain(said[key]) for key in ("id", "title", "barriers", "level")},
                "proof": text_of(said.get("proof")) or "no program can",
                "sign": text_of(said.get("sign")),
                "show": SIGN if signed else text_of(said.get("show")) or TRY,
            }


def text_of(node: ast.expr | None) -> str:
    """Return a text; what is filled in is the name of the example."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            one.value if isinstance(one, ast.Constant) else "late-flights" for one in node.values
        )
    return str(plain(node)) if node else ""
