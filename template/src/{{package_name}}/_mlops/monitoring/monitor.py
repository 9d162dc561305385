# The template's. Bounds are yours: contract.yaml, and section drift of params.yaml.
"""Check the champion on its live traffic."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import data, metrics, schema
from .. import PROJECT, paths
from ..config import load_params
from ..data import comparison, plausibility
from ..data.finding import Finding
from ..data.prediction_log import Log, folder, read
from ..errors import Problem, WrongInput, counted, first_of
from ..files import FILE, whole_file, write_json
from ..interface import Contract, Params
from ..registry import versions
from ..serving.switch import roll_back
from ..tracking import provenance
from ..tracking.artifact import FIRST_CHAMPION
from ..training.evaluation import require_metric
from . import added, champion_data, checks, labels, notify, page, windows, withdraw


@dataclass(frozen=True)
class Window:
    """A stretch of time: from `since` up to, but without, `until`."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """Return both ends, for people."""
        return f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Seen:
    """What was found in a window: facts to judge, and what the page shows of them."""

    facts: checks.Facts
    log: Log
    drift: dict[str, Any]
    scores: dict[str, tuple[pd.Series, pd.Series]]
    labelled: labels.Labelled


@click.command()
@click.option("--since", metavar="TIME", help="ISO; default: the contract's window_days before.")
@click.option("--until", metavar="TIME", help="ISO; default: now, to the full hour above.")
@click.option("--labels", "files", metavar="FILES", multiple=True, type=FILE, help="Outcomes.")
@click.argument("more", nargs=-1, type=FILE, metavar="")
@click.option("--notify", "tell", is_flag=True, help="Tell the owner, unless all is well.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    since: str | None,
    until: str | None,
    files: Sequence[Path],
    more: Sequence[Path],
    tell: bool,
    as_json: bool,
) -> None:
    """Judge a window of the prediction log; outcomes come from data/incoming and data/raw.

    Writes reports/monitor.json and reports/monitor.html. Exit code 0 ok, 10 retrain, 11 withdraw,
    2 when the window is empty. A finding is an alarm when enough of the latest windows had it.
    """
    if more and not files:
        raise WrongInput(f"{more[0]} is not asked for", f"uv run just monitor --labels {more[0]}")
    contract, params = provenance.agreed_contract(), load_params()
    comparison.require_names(params.drift)
    window = window_of(since, until, contract.monitoring.window_days, datetime.now(UTC))
    report = judge_window(window, [*files, *more], contract, params)
    if tell:
        tell_owner(report, contract)
    click.echo(
        paths.MONITOR.read_text(encoding="utf-8") if as_json else report["verdict"], nl=not as_json
    )
    sys.exit(checks.EXIT[report["verdict"]])


def window_of(since: str | None, until: str | None, days: float, now: datetime) -> Window:
    """Return the window asked for.

    It ends with the hour that has begun, so that a look a minute later is at the same window.
    """
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    end = moment(until, "--until") if until else hour
    begin = moment(since, "--since") if since else end - timedelta(days=days)
    if begin >= end:
        raise WrongInput(f"the window ends at {end}, before it begins at {begin}")
    return Window(begin, end)


def moment(text: str, option: str) -> datetime:
    """Read a time; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{option} {text!r} is not a time"
        raise WrongInput(message, "write it as 2026-11-22 or 2026-11-22T14:00") from error
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def judge_window(
    window: Window, files: Sequence[Path], contract: Contract, params: Params
) -> dict[str, Any]:
    """Judge a window, write it down, act where the contract says so, and return the report."""
    pointer, manifest = champion()
    seen = look(window, files, str(pointer["version"]), manifest, contract, params)
    found = checks.judge(
        seen.facts, contract, params.drift.share, params.drift.prediction.threshold
    )
    require_judged(found, seen, window)
    about = {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "version": str(pointer["version"]),
    }
    earlier = [known["raised"] for known in windows.before(about)]
    found = checks.with_alarms(found, earlier, contract.monitoring)
    verdict = checks.verdict(found)
    wrong = windows.keep(
        {
            **about,
            "verdict": verdict,
            "raised": [one.name for one in found if one.state == "raised"],
            "quality": seen.facts.quality,
            "found": {one.name: one.found for one in found},
        }
    )
    if wrong:
        click.echo(f"warning: earlier windows do not count: {'; '.join(wrong)}", err=True)
    say(found, seen, window, about["version"], verdict, contract)
    report = {
        "verdict": verdict,
        "reason": reason(found, contract),
        "owner": checks.owner(checks.worst(found), contract).model_dump(),
        **about,
        "done": act(found, contract),
        "rows": len(seen.log.rows),
        "requests": len(seen.log.requests),
        "damaged": seen.log.damaged,
        "checks": checks.records(found),
        "versions": seen.labelled.versions,
        "waiting": seen.labelled.waiting,
        "unmatched": seen.labelled.unmatched,
        "drift": seen.drift,
    }
    write_json(paths.MONITOR, report, seal=True)
    with whole_file(paths.MONITOR_PAGE) as part:
        history = windows.of(about["version"])
        part.write_text(page.draw(report, seen.scores, history, contract), encoding="utf-8")
    added.tell_all(report)
    return report


def champion() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the champion's pointer and manifest; `WrongInput` before the first."""
    if versions.read_pointer() is None:
        raise WrongInput("there is no champion to monitor", FIRST_CHAMPION)
    return versions.champion_record()


def look(
    window: Window,
    files: Sequence[Path],
    version: str,
    manifest: dict[str, Any],
    contract: Contract,
    params: Params,
) -> Seen:
    """Measure a window; `WrongInput` when it is empty or no given label belongs to it."""
    log = read(window.since, window.until, schema)
    if log.damaged:
        shown = first_of(log.damaged, ", ")
        click.echo(
            f"warning: skipped {counted(len(log.damaged), 'damaged line')}: {shown}", err=True
        )
    if log.lines.empty:
        message = f"{folder()} holds no call from {window}; no data, no verdict"
        raise WrongInput(message, "does the service run, and does contract.yaml let it log?")
    rows = log.rows
    mine = rows[rows["call.version"] == version]
    labelled = with_labels(rows, files)
    shifted, scores = shift(rows, mine, manifest, contract.monitoring.min_rows, params)
    facts = checks.Facts(
        rows=len(rows),
        champion_rows=len(mine),
        age_days=age(rows, manifest),
        **quality(labelled, version, contract),
        **traffic(log, version),
        **as_facts(shifted),
    )
    return Seen(facts, log, shifted, scores, labelled)


def with_labels(rows: pd.DataFrame, files: Sequence[Path]) -> labels.Labelled:
    """Join logged rows with outcomes; `WrongInput` when none of the given ones belongs here."""
    find = labels.given(files, schema, data) if files else labels.arrived(schema, data)
    found = labels.hold_against(rows, find, schema, metrics.score)
    if files and not any(version["labelled"] for version in found.versions.values()):
        names = ", ".join(map(str, files))
        message = f"none of the {len(find):,} outcomes in {names} is of a row predicted here"
        raise WrongInput(message, f"rows are joined by {', '.join(schema.KEY)}; try --since")
    return found


def quality(found: labels.Labelled, version: str, contract: Contract) -> dict[str, Any]:
    """Return how many of the champion's rows have an outcome, and the contract's metric."""
    own = found.versions.get(version, {"labelled": 0, "scores": {}})
    if not own["labelled"]:
        return {"labelled": 0, "quality": None}
    value = own["scores"][require_metric(contract, own["scores"])]
    return {"labelled": own["labelled"], "quality": value if math.isfinite(value) else None}


def traffic(log: Log, version: str) -> dict[str, Any]:
    """Return latency and errors of the champion; a refused request is its caller's affair."""
    others = log.lines["call.version"].notna() & ~log.lines["call.version"].isin([version, ""])
    lines = log.lines[~others & ~log.lines["call.status"].between(400, 499)]
    requests = replace(log, lines=lines).requests
    failed = requests["call.status"] >= 500
    times = requests.loc[~failed, "call.ms"].dropna()
    return {
        "requests": len(requests),
        "failed": int(failed.sum()),
        "lines": len(lines),
        "latency_p95_ms": float(times.quantile(0.95)) if len(times) else None,
    }


def age(rows: pd.DataFrame, manifest: dict[str, Any]) -> float | None:
    """Return days from the newest training row to the newest predicted row."""
    if not schema.TIME:  # when its rows came about nobody knows, only when it was trained
        learned = pd.Timestamp(manifest["created"]).tz_convert("UTC").tz_localize(None)
    else:
        learned = pd.Timestamp(manifest["data"]["holdout"]["last"])
    asked = rows[schema.TIME].max() if schema.TIME in rows else pd.NaT
    if pd.isna(asked):  # the log does not know when it happened, only when it was asked
        asked = rows["call.time"].max().tz_localize(None) if len(rows) else pd.NaT
    days = (asked - learned) / pd.Timedelta(days=1)
    return None if pd.isna(days) else float(days)


def shift(
    rows: pd.DataFrame,
    mine: pd.DataFrame,
    manifest: dict[str, Any],
    min_rows: int,
    params: Params,
) -> tuple[dict[str, Any], dict[str, tuple[pd.Series, pd.Series]]]:
    """Compare inputs, and the champion's logged predictions, with what it learned from.

    Returns:
        The report of `drift`, and for each column of predictions the expected and the logged
        values; both empty when there are too few rows or nothing to compare with.
    """
    if len(rows) < min_rows:
        return {}, {}
    try:
        reference = champion_data.training_rows(manifest, params.featurize.holdout_share)
    except Problem as problem:
        click.echo(f"warning: drift is not measured: {problem}", err=True)
        return {}, {}
    report, _ = comparison.compare(reference, rows, params.drift)
    asked = comparison.draw(rows, params.drift)
    report["judgement"] = plausibility.judge(reference, asked, params.drift.share).record()
    model = champion_data.champion() if len(mine) >= min_rows else None
    if model is None:
        return report, {}
    before = comparison.predicted(model, comparison.draw(reference, params.drift))
    after = comparison.draw(mine, params.drift)[list(before)]
    rule = params.drift.prediction
    compared = comparison.Compared(before, after, dict.fromkeys(before, rule), [])
    scores = comparison.measure(compared, params.drift)
    report["predictions"] = [
        comparison.result(name, rule, scores.get(name), before[name], after[name], params.drift)
        for name in before
    ]
    report["compared"] += len(scores)
    return report, {str(name): (before[name], after[name]) for name in before}


def as_facts(shifted: dict[str, Any]) -> dict[str, Any]:
    """Return what `checks` judges of a drift report."""
    if not shifted:
        return {}
    columns, predictions = shifted["columns"], shifted["predictions"]
    compared = any(found["score"] is not None or found["drifted"] for found in columns)
    scores = [found["score"] for found in predictions if found["score"] is not None]
    says = shifted["judgement"]["says"]
    return {
        "looks": says,
        "seasonal": says == plausibility.SEASON,
        "drifted_share": shifted["drifted_share"] if compared else None,
        "drifted": [found["column"] for found in columns if found["drifted"]],
        "prediction_drift": max(scores, default=None),
        "prediction_drifted": any(found["drifted"] for found in predictions),
    }


def require_judged(found: Sequence[checks.Check], seen: Seen, window: Window) -> None:
    """Raise `WrongInput` when not one check could be judged; an age within its bound is none."""
    if all(not one.judged or (one.name, one.state) == (checks.AGE, "ok") for one in found):
        message = f"{counted(len(seen.log.lines), 'line')} from {window}: too few to judge anything"
        raise WrongInput(message, "take a longer window with --since")


def say(
    found: Sequence[checks.Check],
    seen: Seen,
    window: Window,
    version: str,
    verdict: str,
    contract: Contract,
) -> None:
    """Say each raised check, what could not be judged, and the verdict."""
    for one in found:
        if one.state == "raised":
            click.echo(f"{one.says}: {checks.say(one, contract.monitoring)}", err=True)
    for finding in seen.drift.get("judgement", {}).get("findings", []):
        click.echo(f"inputs look broken: {Finding(**finding)}", err=True)
    open_ = [f"{one.name} {one.state}" for one in found if not one.judged]
    rest = f"; not judged: {', '.join(open_)}" if open_ else ""
    rows = counted(len(seen.log.rows), "row")
    click.echo(f"monitor: version {version}, {rows}, {window}: {verdict}{rest}", err=True)


def reason(found: Sequence[checks.Check], contract: Contract) -> str:
    """Return the alarms in words; empty when there is none."""
    return "; ".join(checks.say(one, contract.monitoring) for one in found if one.alarm)


def act(found: Sequence[checks.Check], contract: Contract) -> str:
    """Withdraw the champion when the contract says so; return what was done, or proposed."""
    alarms = [one for one in found if one.alarm and one.says == checks.WITHDRAW]
    grave = [one for one in alarms if one.name in checks.ACTED_ON]
    if not alarms:
        return ""
    if contract.monitoring.on_withdraw == "propose" or not grave:
        return "proposed only: nothing was withdrawn"

    said = "; ".join(checks.say(one, contract.monitoring) for one in grave)
    done = withdraw.carry_out(said, contract.monitoring.fallback, roll_back)
    click.echo(f"monitor: {done}", err=True)
    return done


def tell_owner(report: dict[str, Any], contract: Contract) -> None:
    """Tell the owner about an alarm; when there is none, nobody."""
    if report["verdict"] == checks.OKAY:
        click.echo("monitor: no alarm, no message is sent", err=True)
        return
    found = [checks.Check(**one) for one in report["checks"]]
    text = "\n".join(
        [
            f"{PROJECT}, version {report['version']}, {report['since']} to {report['until']}.",
            report["reason"],
            report["done"],
        ]
    )
    notify.tell(
        notify.Message(
            title=f"{PROJECT}: {report['verdict']} version {report['version']}",
            text=text.strip(),
            owner=checks.owner(checks.worst(found), contract),
            verdict=report["verdict"],
        )
    )
