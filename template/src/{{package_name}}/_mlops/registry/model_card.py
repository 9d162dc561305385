# The template's. The prose of MODEL_CARD.md is yours; only what stands between markers is filled.
"""The model card's records, its sections and the checks on them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ... import schema
from .. import paths
from ..errors import Refused, WrongInput, did_you_mean
from ..files import read_json, require_file
from ..tracking import artifact
from ..tracking.artifact import FIRST_CHAMPION
from ..training.card_text import identity
from ..web_page import number
from . import versions

PLACEHOLDER = "YOURS:"
MARKED = re.compile(
    r"(?P<begin><!-- card:begin (?P<name>\S+) -->\r?\n).*?(?P<end><!-- card:end (?P=name) -->)",
    re.DOTALL,
)
BEGIN = re.compile(r"<!-- card:begin (\S+) -->")


@dataclass(frozen=True)
class Run:
    """What the champion is: its version, how it was made and how good it is."""

    version: str
    manifest: dict[str, Any]
    report: dict[str, Any]

    @property
    def identity(self) -> dict[str, str]:
        """What the card is about, for programs; stands in section `data`."""
        return {
            "target": self.report["target"],
            "data_sha256": self.report["data_sha256"],
            "model_sha256": self.report["model_sha256"],
            "version": self.version,
        }


def champion() -> Run:
    """Return the champion's records.

    Raises:
        WrongInput: If there is no champion, or one of its records is missing.
        Refused: If bytes, manifest and evaluation are not about one model, target and data.
    """
    pointer = versions.read_pointer()
    if pointer is None:
        raise WrongInput("there is no champion to describe", FIRST_CHAMPION)
    digest = pointer["model_sha256"]
    return described(pointer["version"], digest, paths.REGISTERED / digest)


def described(version: str, model_sha256: str, folder: Path) -> Run:
    """Return the records in a model's folder; `Refused` when they are not about one model."""
    manifest = artifact.read_manifest(folder)
    report = read_json(folder / versions.EVALUATION, kinds=artifact.EVALUATED)
    made = {
        "model_sha256": model_sha256,
        "data_sha256": manifest["data_sha256"],
        "target": manifest["data"]["target"],
    }
    for name, expected in made.items():
        if report[name] != expected:
            message = f"{folder / versions.EVALUATION} is about {name} {report[name]!r}"
            raise Refused(
                f"{message}; the champion's is {expected!r}", "evaluate and register again"
            )
    return Run(version, manifest, report)


def read_card() -> str:
    """Read the card as it is, line ends included; `WrongInput` when a section lacks its markers."""
    require_file(paths.CARD)
    try:
        card = paths.CARD.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInput(f"cannot read {paths.CARD}: {error}") from error
    begun, whole = BEGIN.findall(card), [found["name"] for found in MARKED.finditer(card)]
    for name in begun:
        if name not in SECTIONS:
            message = f"{paths.CARD}: there is no section {name!r} to fill"
            raise WrongInput(message, did_you_mean(name, SECTIONS))
    for name in SECTIONS:
        if begun.count(name) != 1 or whole.count(name) != 1:
            message = f"{paths.CARD}: expected section {name!r} once, with both markers"
            raise WrongInput(message, f"<!-- card:begin {name} --> and <!-- card:end {name} -->")
    return card


def require_prose(card: str, draft: bool) -> None:
    """Raise `Refused` when a sentence that only a person can write is not written yet."""
    lines = [n for n, line in enumerate(card.splitlines(), 1) if PLACEHOLDER in line]
    if not lines:
        return
    plural = "s" if len(lines) > 1 else ""
    message = f"{paths.CARD}: {len(lines)} sentence{plural} still to write (first: line {lines[0]})"
    if not draft:
        raise Refused(
            message, f"grep -n {PLACEHOLDER} {paths.CARD}; card --draft fills the numbers"
        )
    click.echo(f"warning: {message}", err=True)


def require_target(card: str, run: Run, draft: bool) -> None:
    """Raise `Refused` when the card was last filled for another target: the prose is about it."""
    before = identity(card).get("target", run.identity["target"])
    if before == run.identity["target"] or draft:
        return
    message = f"{paths.CARD} was written about {before!r}, the run is about"
    hint = "rewrite the prose, then card --draft"
    raise Refused(f"{message} {run.identity['target']!r}", hint)


def require_same(card: str, filled: str, run: Run) -> None:
    """Raise `Refused` when the card is about another run, or its numbers were edited."""
    written = identity(card)
    for name, expected in run.identity.items():
        if written.get(name) != expected:
            message = f"{paths.CARD} is about {name} {written.get(name, 'of no run')!r}"
            raise Refused(f"{message}, the champion's is {expected!r}", "card fills it anew")
    if card != filled:
        message = f"{paths.CARD}: numbers between markers are not the run's"
        raise Refused(message, "card fills them anew; write prose of yours outside the markers")


def fill(card: str, run: Run) -> str:
    """Return the card with each section filled; everything outside the markers as it was."""

    def filled(found: re.Match[str]) -> str:
        end_of_line = "\r\n" if found["begin"].endswith("\r\n") else "\n"
        lines = SECTIONS[found["name"]](run)
        return found["begin"] + "".join(line + end_of_line for line in lines) + found["end"]

    return MARKED.sub(filled, card)


def data_section(run: Run) -> list[str]:
    """Describe batches, parts and target."""
    data = run.manifest["data"]
    labels = f", one of {', '.join(data['labels'])}" if data["labels"] else ", a number"
    batches = data["batches"]
    return [
        f"<!-- card:run {json.dumps(run.identity)} -->",
        f"- Target: `{data['target']}`{labels}.",
        f"- Batches: {len(batches)}, `{batches[0]}` to `{batches[-1]}`.",
        f"- SHA-256 of the batches: `{run.identity['data_sha256']}`.",
        f"- Rows without a target, left out: {data['dropped']['rows']:,} "
        f"({data['dropped']['because']}).",
        "",
        *table(
            ["part", "rows", "first", "last"],
            [
                [name, f"{part['rows']:,}", part.get("first", "–"), part.get("last", "–")]
                for name, part in (("training", data["train"]), ("hold-out", data["holdout"]))
            ],
        ),
    ]


def metrics_section(run: Run) -> list[str]:
    """Describe how good the model is, beside the baselines."""
    report = run.report
    intervals, baselines = report.get("intervals", {}), report["baselines"]
    rows = [
        [
            f"**{name}**" if name == report["metric"] else name,
            number(value),
            " to ".join(number(limit) for limit in intervals.get(name, ())) or "–",
            *(number(scores.get(name)) for scores in baselines.values()),
        ]
        for name, value in report["metrics"].items()
    ]
    return [
        f"Version {run.version}, model `{report['model_sha256'][:12]}`, trained on "
        f"{run.manifest['created'][:10]} at commit `{run.manifest['commit'][:12] or 'none'}`.",
        f"The contract judges by **{report['metric']}**, {report['better']} is better.",
        "",
        *table(["metric", "model", "95 % interval", *baselines], rows),
        "",
        *labels_table(report.get("labels", [])),
        "Intervals are drawn from the hold-out with replacement, as if its rows were independent: "
        "they show the error of sampling, not change over time.",
    ]


def labels_table(labels: list[dict[str, Any]]) -> list[str]:
    """Return how good the model is for each label, when there are more than two."""
    if len(labels) < 3:
        return []
    scores = ["precision", "recall", "f1", "roc_auc"]
    rows = [
        [one["label"], f"{one['rows']:,}", *(number(one[score]) for score in scores)]
        for one in labels
    ]
    return [*table(["label", "rows", *scores], rows), ""]


def slices_section(run: Run) -> list[str]:
    """Describe how good the model is on each group that the contract names."""
    metric = run.report["metric"]
    rows = [
        [f"{found['column']} = {found['value']}", f"{found['rows']:,}", number(found[metric])]
        for found in run.report["slices"]
    ]
    return (
        table(["slice", "rows", metric], rows) if rows else ["No group is large enough to judge."]
    )


def limits_section(run: Run) -> list[str]:
    """Describe what the model has seen."""
    data = run.manifest["data"]
    known = [one for one in schema.COLUMNS if not one.meaning.startswith(PLACEHOLDER)]
    meanings = {column.name: column.meaning for column in known}
    rows = [
        [
            f"`{seen['column']}`",
            meanings.get(seen["column"], ""),
            span(seen),
            format(seen["missing"], ".1%"),
        ]
        for seen in data.get("seen", [])
    ]
    said = ["Outside of what the training part held, the model extrapolates:", ""]
    train, holdout = data["train"], data["holdout"]
    times = [
        f"Trained on {train['first']} to {train['last']}, evaluated until {holdout['last']}."
        if "first" in train
        else "The rows have no time: how fast the model ages is not known."
    ]
    return [
        *times,
        *([*said, *table(["column", "meaning", "seen", "missing"], rows)] if rows else []),
    ]


def span(seen: dict[str, Any]) -> str:
    """Say which values a column held."""
    if "values" in seen:
        return f"{seen['values']:,} different values"
    return f"{bound(seen['low'])} to {bound(seen['high'])}"


def bound(value: float | None) -> str:
    """Write a value of a column as people do: 2013 is a year, so no comma."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a Markdown table; a bar in a cell would end it, so it is escaped."""
    cells = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells]


SECTIONS = {
    "data": data_section,
    "metrics": metrics_section,
    "slices": slices_section,
    "limits": limits_section,
}
