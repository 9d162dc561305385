# The template's. Checks of yours are new files in proof/checks/; sign-offs are yours, in signoffs/.
"""Show what this repo has proven, and the next step."""

import json
import textwrap
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from .. import PROJECT, evidence, paths, step_summary
from ..config import load_contract
from ..errors import Refused, WrongInput, did_you_mean
from ..files import whole_file, write_json
from .proof import readiness_page, standing
from .proof.rubric import BARRIERS, MARKS, SECTIONS, Check, find_checks
from .proof.standing import Standing

RECORD, PAGE = (paths.REPORTS / f"readiness.{kind}" for kind in ("json", "html"))
NOT_HERE = ("data", "production", "person")  # what no fresh copy can show
SCORE = "readiness score"


@click.command()
@click.argument("only", metavar="[CHECKS]", nargs=-1)
@click.option("--run", "run", is_flag=True, help="First try out what can be tried in seconds.")
@click.option("--require", metavar="LEVEL", type=click.IntRange(0, 2), help="Exit code 1 below it.")
@click.option("--in-ci", is_flag=True, help="Require this level, less what no fresh copy shows.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    only: Sequence[str], run: bool, require: int | None, in_ci: bool, as_json: bool
) -> None:
    """Show each check with its evidence, the level that is proven, and one next step.

    With --run, CHECKS are the ids of those to try out, by default all of this level.

    A claim counts when a recorded run proves it: of this history, of the files as they are, not
    edited, and not too old. Writes reports/readiness.json and reports/readiness.html.
    Exit code 1 when a check of the level asked for with --require does not stand.
    """
    contract, checks, level = load_contract(), find_checks(), standing.claimed_level()
    began = time.time()
    chosen = chosen_of(checks, only, run)
    if run:
        standing.try_out(chosen, level)
    now = datetime.now(UTC)
    found = standing.judge(checks, contract, now)
    records, wrong = evidence.read()
    report = standing.summary(found, level, now, wrong)
    left_out = NOT_HERE if in_ci else ()
    score = {"score": report["score"], "evidenced": report["evidenced"]}
    evidence.keep(SCORE, 0, began, **score, sections=report["sections"])
    write_json(RECORD, report)
    past = [one for one in records if one["what"] == SCORE]
    with whole_file(PAGE) as part:
        part.write_text(readiness_page.draw(report, past), encoding="utf-8")
    click.echo(json.dumps(report) if as_json else as_text(found, report))
    step_summary.on_page("readiness", f"```\n{as_text(found, report)}\n```")
    if in_ci and require is None:
        require = level
    if require is not None and (open_ := standing.lacking(found, require, left_out)):
        raise refusal(require, open_)
    said = evidence_of(report["evidenced"])
    click.echo(f"readiness: scaffolded for level {level}, evidenced: {said}; {PAGE}", err=True)


def chosen_of(checks: Sequence[Check], only: Sequence[str], run: bool) -> list[Check]:
    """Return the checks of these ids, all without one; `WrongInput` for one that there is not."""
    ids = [one.id for one in checks]
    if unknown := [name for name in only if name not in ids]:
        raise WrongInput(f"there is no check {unknown[0]!r}", did_you_mean(unknown[0], ids))
    if only and not run:
        raise WrongInput(f"{only[0]} is not asked for without --run", "readiness shows all checks")
    return [one for one in checks if not only or one.id in only]


def evidence_of(level: int) -> str:
    """Return the level that is evidenced, for people."""
    return "none yet" if level < 0 else f"level {level}"


def refusal(level: int, open_: Sequence[Standing]) -> Refused:
    """Return the error that ends a run which does not reach the level asked for."""
    names = ", ".join(f"{one.check} ({one.state})" for one in open_)
    first = open_[0]
    message = f"level {level} is not evidenced: {names}"
    return Refused(message, f"{first.check}: {first.detail}; {first.to_do}")


def as_text(found: Sequence[Standing], report: dict[str, Any]) -> str:
    """Return the table for a terminal: checks by section, then barriers, scores and next step."""
    lines: list[str] = []
    for section in SECTIONS:
        of_it = [one for one in found if one.section == section]
        lines += ["", f"{section}: {report['sections'][section]:g} of {len(of_it)}"]
        lines += [line(one) for one in of_it]
    lines += ["", "barriers, each as good as its worst check up to this level"]
    lines += [f"  {MARKS[report['barriers'][name]]}  {name}" for name in BARRIERS]
    if unsigned := [one for one in found if one.stands and one.sign]:
        lines += ["", "proven, and for a person to look at and sign (docs/handbook/readiness.md)"]
        lines += [f"     {one.check:<12} {one.sign}" for one in unsigned]
    lines += ["", *(f"warning: {said}" for said in report["warnings"])]
    lines += [
        f"{PROJECT} is scaffolded for level {report['claimed']}, evidenced: "
        f"{evidence_of(report['evidenced'])}; score {report['score']:g}, the smallest section",
    ]
    if action := report["next"]:
        lines += [f"next: {action['to_do']}", f"      raises {action['check']}, {action['title']}"]
    return "\n".join(lines).strip("\n")


def line(one: Standing) -> str:
    """Return a check as one line."""
    said = textwrap.shorten(one.detail, 90, placeholder=" …")
    return f"  {MARKS[one.score]}  {one.check:<12} {one.state:<12} {one.title}: {said}"
