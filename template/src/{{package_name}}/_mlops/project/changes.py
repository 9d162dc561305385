# The template's. Which metric decides, and on which slices, is yours: contract.yaml.
"""Show what a branch changes in the model, by git alone.

From the reports that git has of both: no data, no secret.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .. import PACKAGE, paths
from ..data import sharing
from ..errors import WrongInput, counted, first_cause
from ..programs import git
from ..step_summary import summarize, summary, table
from ..tracking import provenance
from . import merge_request

REPORTS = (paths.METRICS, paths.VALIDATION, paths.GATE)
METRICS, VALIDATION, GATE = (path.name for path in REPORTS)
NUMBERS = (paths.PARAMS, paths.CONTRACT)
SCORES = Path("src", *PACKAGE.split("."), "metrics.py")
LARGEST = 5  # slices that are shown
SAME = "Data, parameters and contract: the same."
Record = dict[str, Any]


@click.command()
@click.option(
    "--since",
    default="HEAD",
    envvar="CHANGES_SINCE",
    show_default=True,
    help="The commit to compare this folder with.",
)
def command(since: str) -> None:
    """What changed in the model since another commit?

    Shows metrics with their intervals, slices, data, parameters, promises and the gate's verdict,
    before and after, as git has them; and names stages whose code is newer than the report. It
    judges nothing. The summary goes to the page of the workflow or to stdout, and with
    MERGE_REQUEST_TOKEN into the merge request of GitLab.
    """
    commit = git("rev-parse", "--verify", "--quiet", f"{since}^{{commit}}")
    if not commit:
        raise WrongInput(f"{since!r} is no commit of this repo", "--since main, or another branch")
    before, after = read(partial(then, commit)), read(here)
    stale = list(not_trained_again())
    decision = headline(before[METRICS], after[METRICS], stale)
    both = before[METRICS] and after[METRICS]
    why = "\n\n".join(report(before, after, stale)) if both else later(stale)
    summarize(decision, why)
    merge_request.note(summary(decision, why))
    click.echo(f"changes: since {commit[:7]}: {decision}", err=True)


def then(commit: str, path: Path) -> bytes:
    """Return a file as a commit has it, nothing when it has none."""
    return provenance.at_commit(commit, path) or b""


def here(path: Path) -> bytes:
    """Return a file of this folder, nothing when there is none."""
    return path.read_bytes() if path.is_file() else b""


def read(file: Callable[[Path], bytes]) -> dict[str, Record]:
    """Return each report by its name, parameters and promises; empty where there is none."""
    found = {path.name: parsed(file(path), path) for path in REPORTS}
    agreed = {path.name: dict(flat(load(file(path), path))) for path in NUMBERS}
    return {**found, **agreed, SCORES.name: {"": file(SCORES)}}


def parsed(content: bytes, path: Path) -> Record:
    """Return the object that a report holds."""
    try:
        found = json.loads(content or b"{}")
    except ValueError as error:
        raise WrongInput(f"{path} is no JSON: {error}", "uv run just repro makes it") from error
    if not isinstance(found, dict):
        raise WrongInput(f"{path} holds no object", "uv run just repro makes it")
    return found


def load(content: bytes, path: Path) -> Record:
    """Return the mapping that a YAML file holds."""
    try:
        found = YAML(typ="safe", pure=True).load(content) or {}
    except (YAMLError, ValueError) as error:
        raise WrongInput(f"{path} is not YAML: {first_cause(error)}") from error
    if not isinstance(found, dict):
        raise WrongInput(f"{path} holds no mapping")
    return found


def headline(old: Record, new: Record, stale: list[str]) -> str:
    """Say in one line what changed."""
    if stale:
        return "the code is newer than the model"
    if not new:
        return "no report is in git yet"
    if not old:
        return "the first report"
    if old == new:
        return "the model is the same"
    name = str(new.get("metric"))
    scores = [one.get("metrics", {}).get(name) for one in (old, new)]
    return f"{name} {number(scores[0])} → {number(scores[1])}"


def later(stale: list[str]) -> str:
    """Say what to do where there is nothing to compare."""
    return "\n\n".join(
        ["`uv run just repro`, then commit `reports/` and `dvc.lock`.", *told(stale)]
    )


def report(before: dict[str, Record], after: dict[str, Record], stale: list[str]) -> Iterator[str]:
    """Yield each part of the summary."""
    yield from told(stale)
    old, new = before[METRICS], after[METRICS]
    yield table(["metric", "before", "after", "moved"], list(metrics(old, new)))
    if moved := list(slices(old, new)):
        yield f"Slices that moved most, by {new['metric']}:"
        yield table(["slice", "rows", "before", "after", "change"], moved[:LARGEST])
    rows = [*data(before[VALIDATION], after[VALIDATION])]
    for path in NUMBERS:
        rows += numbers(before[path.name], after[path.name])
    yield table(["besides", "before", "after"], rows) if rows else SAME
    if before[SCORES.name] != after[SCORES.name]:
        yield f"{SCORES} was edited: figures before and after are not by the same code."
    yield verdict(before[GATE], after[GATE])


def told(stale: list[str]) -> list[str]:
    """Name what was edited and not trained again."""
    return [f"Not trained again since an edit of {', '.join(stale)}."] if stale else []


def metrics(old: Record, new: Record) -> Iterator[list[str]]:
    """Yield each metric with its 95 % interval; intervals that overlap say nothing certain."""
    for name in dict.fromkeys([*new.get("metrics", {}), *old.get("metrics", {})]):
        (one, first), (other, second) = (
            (found.get("metrics", {}).get(name), found.get("intervals", {}).get(name))
            for found in (old, new)
        )
        if one == other:
            moved = "no"
        elif first and second:
            apart = first[1] < second[0] or second[1] < first[0]
            moved = "yes" if apart else "within the intervals"
        else:
            moved = "?"
        yield [name, within(one, first), within(other, second), moved]


def within(value: Any, interval: Any) -> str:
    """Return a number with its interval."""
    around = f" ({number(interval[0])} to {number(interval[1])})" if interval else ""
    return f"{number(value)}{around}"


def number(value: Any) -> str:
    """Return a number as the summary shows it."""
    return f"{value:.4f}" if isinstance(value, int | float) else "–"


def slices(old: Record, new: Record) -> list[list[str]]:
    """Return the slices whose score is another one, the largest change first."""
    name = new.get("metric")
    both = [
        {(one["column"], str(one["value"])): one for one in found.get("slices", [])}
        for found in (old, new)
    ]
    moved: list[tuple[float, list[str]]] = []
    for key in dict.fromkeys([*both[1], *both[0]]):
        one, other = (found.get(key, {}) for found in both)
        first, second = one.get(name), other.get(name)
        if first == second:
            continue
        known = isinstance(first, int | float) and isinstance(second, int | float)
        change = second - first if known else float("inf")
        cells = [number(first), number(second), f"{change:+.4f}" if known else "new or gone"]
        rows = str(other.get("rows", one.get("rows", "?")))
        moved.append((abs(change), [" = ".join(key), rows, *cells]))
    return [cells for _, cells in sorted(moved, key=lambda one: -one[0])]


def data(old: Record, new: Record) -> Iterator[list[str]]:
    """Yield what was learned from, when it is another."""
    found = [one.get("batches", []) for one in (old, new)]
    if [one.get("sha256") for one in found[0]] != [one.get("sha256") for one in found[1]]:
        said = [
            f"{counted(len(one), 'batch', 'batches')}, "
            f"{counted(sum(b.get('rows', 0) for b in one), 'row')}"
            for one in found
        ]
        yield ["data", *said]


def numbers(old: Record, new: Record) -> Iterator[list[str]]:
    """Yield each number of params.yaml, or promise of contract.yaml, that is another."""
    for key in dict.fromkeys([*new, *old]):
        if old.get(key) != new.get(key):
            yield [key, str(old.get(key, "–")), str(new.get(key, "–"))]


def flat(content: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value below a mapping with its whole name."""
    if not isinstance(content, dict):
        yield above, content
        return
    for key, value in content.items():
        yield from flat(value, f"{above}.{key}" if above else str(key))


def verdict(old: Record, new: Record) -> str:
    """Return what the gate said last, when it is not what it had said before."""
    if not new or old == new:
        return "The gate has not judged it: a version is judged where it is registered."
    failed = [one["name"] for one in new.get("checks", []) if not one.get("ok")]
    said = f"refused by {', '.join(failed)}" if failed else "accepted"
    return f"The gate on version {new.get('version', '?')}: {said}."


def not_trained_again() -> Iterator[str]:
    """Yield each file and parameter of a stage that is not the one with which it ran last."""
    lock = load(here(provenance.PIPELINE), provenance.PIPELINE)
    seen: set[str] = set()
    for stage in (lock.get("stages") or {}).values():
        for file, given in stage.get("params", {}).items():
            now = dict(flat(load(here(Path(file)), Path(file))))
            for name, value in flat(given):
                if now.get(name) != value and f"{name} {file}" not in seen:
                    seen.add(f"{name} {file}")
                    yield f"{name} in {file}"
        for one in stage.get("deps", []):
            path = Path(one["path"])
            if path.as_posix() in seen or not path.is_file():
                continue
            seen.add(path.as_posix())
            if sharing.md5_of(path) != one.get("md5"):
                yield path.as_posix()
