# The template's. The bars are yours, in contract.yaml.
"""Check whether a version may replace the champion."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import click
import numpy as np
import pandas as pd

from ... import features, metrics, schema
from .. import PROJECT, errors, paths
from ..config import load_contract
from ..data import tables
from ..data.dataset import HOLDOUT_ROWS, read_summary
from ..errors import DVC, OutsideFailed, Refused, WrongInput
from ..files import one_writer, write_json
from ..interface import Contract
from ..tracking import artifact, provenance, runs
from ..training import diagnosis
from ..training.evaluation import require_metric
from . import benchmark, groups, journal, probes, versions
from .gate_checks import WORSE, Check, Evidence, Standing, judge
from .versions import require_same

BARS = ("quality", "slices", "service")  # sections of the contract


@click.command()
@click.argument("version", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def command(version: str | None, as_json: bool) -> None:
    """Judge VERSION, by default the newest; one that passes is the challenger.

    Champion and candidate are scored on the same hold-out rows and run side by side in the
    service. Writes reports/gate.json. Exit code 1 when a check fails; 2 when the hold-out is
    not the version's; 3 when the registry or the service cannot be reached.
    """
    chosen, champion = versions.find(version), versions.by_alias(versions.CHAMPION)
    pointer = versions.read_pointer()
    if champion is None and pointer and not versions.has(pointer):
        raise versions.not_listed(pointer["version"])  # to compare with no champion is to pass
    if champion and champion.number == chosen.number:
        click.echo(f"gate: version {chosen.number} is champion already", err=True)
        verdict: dict[str, Any] = {"version": chosen.number, "accepted": True, "checks": []}
    else:
        verdict = decide(chosen, champion)
    if as_json:
        click.echo(json.dumps(verdict))
    if not verdict["accepted"]:
        raise refusal(verdict)


def decide(chosen: versions.Version, champion: versions.Version | None) -> dict[str, Any]:
    """Judge a version, write the verdict down, and name the challenger when it passes."""
    try:
        checks = judge(gather(provenance.agreed_contract(), chosen, champion))
    except Refused as problem:  # not even fit to be measured
        checks = [Check("fitness", False, None, None, str(problem))]
    reasons = [f"{check.name}: {check.reason}" for check in checks if not check.ok]
    verdict = {
        "version": chosen.number,
        "model_sha256": chosen.model_sha256,
        "champion": champion and champion.number,
        "judged_at": journal.now(),
        "accepted": not reasons,
        "checks": [asdict(check) for check in checks],
    }
    with one_writer(paths.MODELS / ".lock"):
        require_unmoved(champion)
        settle(chosen, reasons)
        write_json(paths.GATE, verdict, seal=True)
        journal.anchor()
    report(chosen, checks)
    return verdict


def gather(
    contract: Contract, chosen: versions.Version, champion: versions.Version | None
) -> Evidence:
    """Measure a version and the champion on the same rows, and in services side by side.

    Raises:
        Refused: If bytes or feature code are not the version's, or it cannot be measured.
        WrongInput: If the hold-out is not the version's, or nobody computes the metric.
    """
    folder = versions.fetch(chosen)
    manifest = artifact.read_manifest(folder)
    require_same(chosen, manifest)
    require_holdout(chosen, manifest)
    rows = pd.read_parquet(paths.FEATURES / HOLDOUT_ROWS)
    y_true = schema.read_target(rows)
    known = [version for version in (chosen, champion) if version]
    with ExitStack() as stack:
        contenders = [stack.enter_context(benchmark.contender(version)) for version in known]
        predicted = [probes.answers(contenders[0], rows, contract.slices)]
        predicted += [benchmark.predict(by, rows) for by in contenders[1:]]
        unsteady = probes.unsteady(contenders[0], rows, predicted[0])
        silent = probes.silent(contenders[0], rows)
        scores = [metrics.score(y_true, y_pred) for y_pred in predicted]
        metric = require_metric(contract, scores[0])
        running = benchmark.serve(contenders, rows, contract.service.latency_p95_ms)
        unlike = probes.unlike(contenders[0], rows, running[0].answers)
    standing = [
        Standing(
            version.number,
            found[metric],
            measured,
            diagnosis.calibration(y_true, y_pred),
            probes.impossible(y_true, y_pred),
            float(np.sqrt(groups.squares(y_true, y_pred).mean())),
        )
        for version, found, measured, y_pred in zip(known, scores, running, predicted, strict=True)
    ]
    bar = contract.quality.calibration
    uneven = groups.uneven(rows, y_true, predicted, bar, WORSE * bar)
    drawn = diagnosis.calibration_drawn(y_true, *predicted)
    most, worse = np.quantile(drawn[:, 0], 0.975), np.quantile(drawn[:, 0] - drawn[:, -1], 0.025)
    return Evidence(
        contract=contract,
        evaluation=versions.read_evaluation(chosen),
        candidate=standing[0],
        champion=standing[1] if champion else None,
        rows=len(rows),
        calibration_most=float(most),
        calibration_worse=float(worse),
        registered=registered_inputs(chosen),
        features=inputs_of(features.build_features(tables.known_rows(rows, schema))),
        scores=scores[0],
        unsteady=unsteady,
        unlike=unlike,
        silent=silent,
        uneven=uneven,
        at_best=groups.at_best(rows, y_true, predicted[0], contract),
        moved=moved(contract, champion) if champion else (),
        model_mb=round((folder / artifact.MODEL).stat().st_size / 1024**2, 3),
    )


def moved(contract: Contract, champion: versions.Version) -> list[str]:
    """Name the bars that are not where they were when the champion was trained.

    They are agreed with others; who moves one beside a model should not do so unseen.
    """
    commit = champion.tags.get("commit", "")
    content = provenance.at_commit(commit, paths.CONTRACT)
    try:
        before = load_contract(content=content or b"")
    except WrongInput:  # there was none, or of another kind
        return []
    was, now = (
        {f"{section}.{key}": value for section in BARS for key, value in getattr(one, section)}
        for one in (before, contract)
    )
    since = f"when version {champion.number} was trained"
    return [f"{key} is {now[key]}, {was[key]} {since}" for key in now if now[key] != was[key]]


def require_holdout(chosen: versions.Version, manifest: dict[str, Any]) -> None:
    """Raise `WrongInput` when data/features holds out other rows than those of the version."""
    now, then = read_summary(), manifest["data"]
    for part in ("data_sha256", "holdout"):
        if now[part] != then[part]:
            message = (
                f"{paths.FEATURES} is not the data of version {chosen.number}: "
                f"{part} is {now[part]}, expected {then[part]}"
            )
            hint = (
                f"git checkout {manifest['commit'][:12]} -- data/raw.dvc params.yaml && "
                f"{DVC} checkout && uv run just repro"
            )
            raise WrongInput(message, hint)


def registered_inputs(chosen: versions.Version) -> dict[str, str] | None:
    """Return names and types of the inputs in the registered model's signature, if it has one.

    Raises:
        OutsideFailed: If the store does not hand the model out.
    """
    runs.client()
    from mlflow.models import get_model_info

    address = f"models:/{PROJECT}/{chosen.number}"
    try:
        signature = get_model_info(address).signature
    except Exception as error:  # each kind of store raises its own
        message = f"{address} cannot be read from {runs.shown_store()}: {errors.first_cause(error)}"
        raise OutsideFailed(message, "was the repo moved? register a new version here") from error
    return typed(signature.inputs) if signature and signature.inputs else None


def inputs_of(table: pd.DataFrame) -> dict[str, str]:
    """Return names and types of model inputs, as a signature spells them."""
    return typed(versions.signature(table).inputs)


def typed(inputs: Any) -> dict[str, str]:
    """Return the names and types of an MLflow schema; columns without a name have a number."""
    names = inputs.input_names() if inputs.has_input_names() else range(len(inputs.inputs))
    kinds = inputs.input_types()
    return {
        str(name): str(getattr(kind, "name", kind)) for name, kind in zip(names, kinds, strict=True)
    }


def require_unmoved(champion: versions.Version | None) -> None:
    """Raise `OutsideFailed` when somebody moved the champion while the version was judged."""
    now = versions.by_alias(versions.CHAMPION)
    if (now and now.number) != (champion and champion.number):
        message = f"the champion became version {now.number if now else 'none'} meanwhile"
        raise OutsideFailed(message, "run gate again")


def settle(chosen: versions.Version, reasons: Sequence[str]) -> None:
    """Name the challenger, or take the name from a version that does not deserve it any more."""
    verdict = "refused" if reasons else "accepted"
    runs.client().set_model_version_tag(PROJECT, chosen.number, "gate", verdict)
    if not reasons:
        versions.set_alias(versions.CHALLENGER, chosen.number)
        journal.record("accepted", **chosen.named)
        return
    challenger = versions.by_alias(versions.CHALLENGER)
    if challenger and challenger.number == chosen.number:
        versions.set_alias(versions.CHALLENGER, None)
    journal.record("refused", **chosen.named, reasons=list(reasons))


def report(chosen: versions.Version, checks: Sequence[Check]) -> None:
    """Say what came out: every reason for a no, or the numbers behind a yes."""
    for check in checks:
        if not check.ok or check.unclear:
            unclear = "unclear: " if check.unclear else ""
            click.echo(f"gate: {unclear}{check.name}: {check.reason}", err=True)
    if all(check.ok for check in checks):
        numbers = {check.name: check.reason for check in checks}
        click.echo(
            f"gate: version {chosen.number} is the challenger, {len(checks)} checks passed; "
            f"{numbers['champion']}; {numbers['latency']}",
            err=True,
        )


def refusal(verdict: dict[str, Any]) -> Refused:
    """Return the error that ends a refused run."""
    failed = [check["name"] for check in verdict["checks"] if not check["ok"]]
    count = f"{len(failed)} of {len(verdict['checks'])} checks failed"
    message = f"version {verdict['version']} is refused: {count} ({', '.join(failed)})"
    return Refused(message, f"{paths.GATE} holds all of them")
