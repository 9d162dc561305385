# The template's. The bars are yours, in contract.yaml: service, quality, delivery.
"""Check the package before it goes anywhere."""

import json
import tempfile
import urllib.error
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ... import data, features, schema
from .. import paths
from ..config import load_contract
from ..data import outcome, records, tables
from ..data.validation import check
from ..errors import OutsideFailed, Refused, WrongInput, did_you_mean
from ..files import read_json
from ..local_service import ask, started
from ..registry import versions
from ..registry.gate_checks import Check
from ..step_summary import on_page
from ..tracking import artifact
from . import acceptance, bundle, load_test

QUIET = "where nothing else runs: uv run just accept load"
ROWS = 50  # of the sample, asked for in one request and one by one


@click.command()
@click.argument("questions", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def command(questions: Sequence[str], as_json: bool) -> None:
    """Put QUESTIONS to build/package: target, calls, load, data, quality; by default all.

    `calls` and `load` run the packaged Bento on a free port of this machine. Exit code 1 when a
    check fails; 3 when all that fails is the load, and other work had filled the machine.
    """
    for name in questions:
        if name not in QUESTIONS:
            raise WrongInput(f"there is no check {name!r}", did_you_mean(name, QUESTIONS))
    made = bundle.read()
    checks = [acceptance.whole()]
    if checks[0].ok:  # what was changed says nothing of what was made
        checks += [found for name in questions or QUESTIONS for found in QUESTIONS[name](made)]
    failed = [found for found in checks if not found.ok]
    verdict = {"accepted": not failed, "checks": [asdict(found) for found in checks]}
    if as_json:
        click.echo(json.dumps(verdict))
    title = f"{' '.join(questions) or 'all'}: {'refused' if failed else 'accepted'}"
    on_page(title, f"{made.bento} holds {made.name}.", verdict)
    for found in checks:
        click.echo(f"accept: {found.name}: {found.reason}", err=True)
    if [found.name for found in failed] == [load_test.HOST]:
        raise OutsideFailed("the machine was full, and the load test says nothing", QUIET)
    if failed:
        names = ", ".join(found.name for found in failed)
        raise Refused(f"{len(failed)} of {len(checks)} checks failed ({names})")


def target(made: bundle.Package) -> list[Check]:
    """Does it fit this host?"""
    host = acceptance.this_host(Path(schema.__file__).parent)
    return acceptance.compatible(host, made, bundle.PACKAGE / bundle.BENTO)


def calls(made: bundle.Package) -> list[Check]:
    """Does it answer expected inputs as the model predicts them, and refuse others?"""
    records = sample()[:ROWS]
    with serving() as (address, _):
        together = ask(address, {"rows": records})
        alone = [ask(address, {"rows": [record]}) for record in records[:5]]
        wrong = {
            "no rows": refused(address, {"rows": []}),
            "an unknown column": refused(address, {"rows": [{**records[0], "no_column": 1}]}),
        }
    version = made.version or bundle.SMOKE
    expected = predicted(made, records)
    first = {name: values[: len(alone)] for name, values in expected.items()}
    one_by_one = {name: [answer[name][0] for answer in alone] for name in expected}
    return [
        *acceptance.answers(expected, together, version),
        *acceptance.answers(first, {**one_by_one, "model_version": version}, version)[:1],
        *(acceptance.refusal(status, what) for what, status in wrong.items()),
    ]


def bear(made: bundle.Package) -> list[Check]:
    """Does it bear the load that the contract promises?"""
    contract = load_contract()
    bodies = [{"rows": [record]} for record in sample()]
    with serving() as (address, pid):
        for body in bodies[:20]:  # the first answers are slow anywhere
            ask(address, body)
        return load_test.judge(load_test.offer(address, bodies, contract, pid), contract)


def fit(made: bundle.Package) -> list[Check]:
    """Is the data here what the schema says: data/raw, or the sample where there is none?"""
    personal = load_contract().personal_data
    files = tables.batches(paths.RAW) if any(paths.RAW.glob("*")) else [paths.SAMPLE]
    return acceptance.data(
        {str(path): check(tables.read(path, schema, data), personal) for path in files}
    )


def good(made: bundle.Package) -> list[Check]:
    """Does it meet the contract's bar?"""
    evaluation = read_json(made.model / versions.EVALUATION)
    return [acceptance.quality(evaluation, load_contract(), made)]


QUESTIONS: dict[str, Callable[[bundle.Package], list[Check]]] = {
    "target": target,
    "calls": calls,
    "load": bear,
    "data": fit,
    "quality": good,
}


def sample() -> list[dict[str, Any]]:
    """Return the rows of the sample as requests hold them."""
    rows = tables.read(paths.SAMPLE, schema, data)
    return tables.as_records(tables.known_rows(rows, schema))


def predicted(made: bundle.Package, asked: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the packaged model predicts, without a service."""
    inputs = features.build_features(records.read(asked, tables.known_columns(schema)))
    model = artifact.load(made.model).model
    return outcome.as_answer(outcome.predict(model, inputs, tuple(schema.LABELS)))


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """Serve the packaged Bento on a free port of this machine; give address and process id."""
    bento = (bundle.PACKAGE / bundle.BENTO).resolve()
    with tempfile.TemporaryDirectory() as own:
        environment = {
            "BENTOML_HOME": str(Path(own, "home")),
            "CHAMPION_DIR": str(bundle.champions(bento)),
            "PREDICTION_LOG": str(Path(own, "log")),
            "PYTHONDONTWRITEBYTECODE": "1",  # the package stays as it was made
        }
        with started(("bentoml", "serve", str(bento)), root=bento, **environment) as server:
            server.wait()
            yield server.address, server.pid


def refused(address: str, request: dict[str, Any]) -> int:
    """Return the status with which a request is answered."""
    try:
        ask(address, request)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
