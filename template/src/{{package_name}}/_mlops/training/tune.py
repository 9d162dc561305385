# The template's. Yours are model.py, and what is searched: section tune of params.yaml.
"""Search better parameters on the training part."""

import difflib
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .. import PROJECT, engines, paths
from ..config import load_contract, load_params
from ..errors import OutsideFailed, Refused, WrongInput, counted
from ..files import one_at_a_time, one_writer, whole_file, write_json
from ..interface import Range
from ..tracking import runs
from . import search_page
from .evaluation import better, shown
from .search import FOLDER, Search, best, ended, parts, require_space, rounded, study, try_next

if TYPE_CHECKING:
    from optuna import Study

AT_ONCE = 8  # trials of a round on an engine: more nodes than that do not help


@click.command()
@click.option("--trials", type=int, metavar="N", help="How many in all; else params tune.trials.")
@click.option("--time", "seconds", type=float, metavar="SECONDS", help="Begin none after these.")
@click.option("--pretend", is_flag=True, help="Say what would be tried, and try nothing.")
@click.option("--yes", is_flag=True, help="Write the best parameters, and ask nothing.")
@click.option("--engine", default="here", metavar="NAME", help="Where: here, or ray of the extra.")
@click.option(
    "--at-once", type=int, metavar="N", help="Choose N before the first of them is tried."
)
def command(
    trials: int | None,
    seconds: float | None,
    pretend: bool,
    yes: bool,
    engine: str,
    at_once: int | None,
) -> None:
    """Try parameters of tune.space, and write the best into section train of params.yaml.

    Models are fitted and judged on two parts of the training rows; the hold-out is not used.
    The same command goes on where a killed one was, and may run several times at once: together
    they make N trials. The same --at-once, by default 1 and with an engine 8, gives the same trials
    on any engine. params.yaml changes only when a person agrees to the difference.
    """
    text, params = paths.PARAMS.read_text(encoding="utf-8"), load_params()
    trials = params.tune.trials if trials is None else trials
    engines.require(engine)
    many = at_once if at_once is not None else 1 if engine == engines.HERE else AT_ONCE
    for name, value in {"--trials": trials, "--time": seconds, "--at-once": many}.items():
        if value is not None and not value > 0:
            raise WrongInput(f"{name} is {value:g}; expected more than 0")
    require_space(params)
    search = Search(params, load_contract(), *parts(params.featurize.holdout_share))
    metric = search.contract.quality.metric
    sizes = (
        f"fitted on {len(search.fitted_on):,} training rows, judged on {len(search.judged_on):,}"
    )
    if pretend:
        for name, one in search.space.items():
            click.echo(f"{name}: {one.choices or as_text(one)}")
        click.echo(f"tune: would make {counted(trials, 'trial')}, {sizes}", err=True)
        return
    before = search.score(search.present)
    click.echo(f"tune: {metric} {before:.4g} now; {sizes}", err=True)
    found = go_on(search, trials, seconds, many, engine)
    winner = best(found)
    if winner is None:
        raise Refused(
            f"none of {counted(len(ended(found)), 'trial')} has a score", "read the warnings above"
        )
    values = rounded(winner.params, search.space)
    with whole_file(paths.TUNE_PAGE) as page:
        page.write_text(search_page.draw(found, search, before, values), encoding="utf-8")
    click.echo(
        f"tune: {metric} {winner.value:.4g} in trial {winner.number}, see {paths.TUNE_PAGE}",
        err=True,
    )
    gain = winner.value != before and better(winner.value, before, search.contract.quality)
    record = {
        "metric": metric,
        "trials": len(ended(found)),
        "before": before,
        "score": winner.value if gain else before,
        "best": values if gain else search.present,
    }
    write_json(paths.TUNE, record)
    if not gain:
        click.echo(f"tune: no better than what {paths.PARAMS} holds; it stays", err=True)
        return
    offer(text, values, yes)


def go_on(search: Search, trials: int, seconds: float | None, many: int, engine: str) -> "Study":
    """Make the trials that are missing; return the record of all."""
    began, metric = time.monotonic(), search.contract.quality.metric
    with one_at_a_time(FOLDER / "lock"):
        found = study(search)
        begun = found.user_attrs.get("run", "")
        found.set_user_attr("run", runs.begin_search(found.study_name, begun))
    if old := len(ended(found)):
        click.echo(
            f"tune: {counted(old, 'trial was', 'trials were')} made before; --trials is the sum",
            err=True,
        )
    while (missing := trials - len(ended(found))) > 0:
        if seconds is not None and time.monotonic() - began >= seconds:
            break
        for number, values, score, reason in try_next(found, search, min(many, missing), engine):
            if score is None:
                click.echo(f"warning: trial {number} has no score: {reason}; {values}", err=True)
            else:
                name = f"{found.study_name}, trial {number}"
                runs.log_trial(found.user_attrs["run"], name, values, metric, score)
            progress(found, trials)
    if sys.stderr.isatty():
        click.echo(err=True)
    return found


def progress(found: "Study", trials: int) -> None:
    """Say how far the search is, on one line that is written anew; nothing in a log."""
    if sys.stderr.isatty():
        winner = best(found)
        said = shown(winner.value if winner else None)
        click.echo(
            f"\r{len(ended(found))} of {counted(trials, 'trial')}, best {said} ", err=True, nl=False
        )


def as_text(one: Range) -> str:
    """Return a range for people."""
    return f"{one.low:g} to {one.high:g}" + (", on a log scale" if one.log else "")


def offer(text: str, values: dict[str, Any], yes: bool) -> None:
    """Show what would change in params.yaml, and write it when a person agrees.

    Raises:
        OutsideFailed: If somebody else has changed the file since it was read.
    """
    new, name = edited(text, values), str(paths.PARAMS)
    lines = difflib.unified_diff(text.splitlines(), new.splitlines(), name, name, lineterm="")
    click.echo("\n".join(lines))
    if not yes and not (sys.stdin.isatty() and click.confirm("Write it?", err=True)):
        click.echo(f"tune: {name} stays; uv run {PROJECT} tune --yes writes it", err=True)
        return
    with one_writer(paths.MODELS / ".lock"):
        if (there := paths.PARAMS.read_text(encoding="utf-8")) not in (text, new):
            raise OutsideFailed(f"{name} was changed during the search", "run the command again")
        if there != new:
            with whole_file(paths.PARAMS) as part:
                part.write_text(new, encoding="utf-8")
    click.echo(f"tune: {name} is written; next: commit it, uv run just repro", err=True)


def edited(text: str, values: dict[str, Any]) -> str:
    """Return params.yaml with these values in section train; every other letter stays.

    Raises:
        WrongInput: If the section is written in a way in which that is not possible.
    """
    yaml = YAML(typ="safe", pure=True)
    expected = yaml.load(text) or {}
    expected["train"] = {**(expected.get("train") or {}), **values}
    new, root = text, YAML(pure=True).compose(text)
    pairs = {key.value: (key, node) for key, node in root.value} if root else {}
    lines = {name: f"{name}: {scalar(value)}" for name, value in values.items()}
    if "train" not in pairs:
        new = "\n".join([new.rstrip(), "", "train:", *(f"  {line}" for line in lines.values()), ""])
    elif not pairs["train"][1].value:  # an empty section
        key, node = pairs["train"]
        inside = ", ".join(lines.values())
        new = f"{new[: key.end_mark.index]}: {{{inside}}}{new[node.end_mark.index :]}"
    else:
        section = pairs["train"][1]
        there = {key.value: node for key, node in section.value}
        first = section.value[0][0].start_mark
        between = ", " if section.flow_style else "\n" + " " * first.column
        added = "".join(lines[name] + between for name in values if name not in there)
        changes = [(first.index, first.index, added)] + [
            (there[name].start_mark.index, there[name].end_mark.index, scalar(values[name]))
            for name in values
            if name in there
        ]
        for start, end, with_this in sorted(changes, reverse=True):
            new = new[:start] + with_this + new[end:]
    try:
        same = yaml.load(new) == expected
    except YAMLError:
        same = False
    if not same:
        raise WrongInput(
            f"{paths.PARAMS}: write this into section train: {'; '.join(lines.values())}"
        )
    return new


def scalar(value: Any) -> str:
    """Return a value as YAML and JSON write it; a float with a point, so that it stays one."""
    text = json.dumps(value)
    mantissa, e, exponent = text.partition("e")
    return (
        f"{mantissa}.0e{exponent}"
        if isinstance(value, float) and e and "." not in mantissa
        else text
    )
