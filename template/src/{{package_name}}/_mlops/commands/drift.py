# The template's. Methods, thresholds and columns to ignore are yours, in params.yaml.
"""Have the inputs, or the predictions, changed since the model was trained?"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import data, features, schema
from .. import PROJECT, paths, tables
from ..config import load_params
from ..errors import Problem, Refused, WrongInput, did_you_mean
from ..files import sha256_of, whole_file, write_json
from ..seam import Column, DriftParams, DriftRule
from ..serving import Champion
from . import featurize
from .validate import check_columns

NUMERIC = ("integer", "number")
Found = list[dict[str, Any]]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(files: Sequence[Path], as_json: bool) -> None:
    """Compare FILES, by default data/incoming, with the training part of data/raw.

    All files together are one batch. Writes reports/drift.json and reports/drift.html. Exit code
    1 when the batch drifted or breaks the schema, 2 when it cannot be read.
    """
    params = load_params()
    require_names(params.drift)
    batches = list(files) or tables.batches(paths.INCOMING)
    current = read_checked(batches)
    reference = training_part(params.featurize.holdout_share)
    report, page = compare(reference, current, params.drift, champion())
    report["batches"] = [str(path) for path in batches]
    report["reference"] = {
        "data_sha256": sha256_of(tables.batches(paths.RAW)),
        **featurize.describe(reference),
    }
    with whole_file(paths.DRIFT_PAGE) as part:
        part.write_text(headed(page, report), encoding="utf-8")
    write_json(paths.DRIFT, report)
    if as_json:
        click.echo(paths.DRIFT.read_text(encoding="utf-8"), nl=False)
    judge(report)


def judge(report: dict[str, Any]) -> None:
    """Say what was found; `Refused` when it is drift."""
    if report["drifted"]:
        raise Refused(f"drift: {said(report)}", f"{paths.DRIFT_PAGE} shows each column")
    click.echo(f"drift: {said(report)}", err=True)


def said(report: dict[str, Any]) -> str:
    """Say in a line how much drifted, and which columns."""
    predictions = f"drifted{drifted(report['predictions'])}"
    if not report["prediction_drifted"]:
        predictions = "did not" if report["predictions"] else "were not compared"
    return (
        f"{report['rows']:,} rows, {report['drifted_columns']} of {len(report['columns'])} "
        f"columns drifted{drifted(report['columns'])}, predictions {predictions}"
    )


def drifted(results: Found) -> str:
    """Return the names of what drifted in parentheses, or nothing."""
    names = ", ".join(found["column"] for found in results if found["drifted"])
    return f" ({names})" if names else ""


def headed(page: str, report: dict[str, Any]) -> str:
    """Put a title and this verdict on top of Evidently's page, whose verdict has other rules."""
    batches, drift = ", ".join(report["batches"]), "drift" if report["drifted"] else "no drift"
    title = escape(f"{PROJECT}: {drift} in {batches}")
    missing = escape(", ".join(f"{name} ({why})" for name, why in report["skipped"].items()))
    body = (
        f'<header style="font-family: sans-serif; margin: 2em"><h1>{title}</h1>'
        f"<p>Beside the training part of data/raw: {escape(said(report))}.</p>"
        f"<p>Not compared: {missing or 'nothing'}.</p>"
        "<p>Evidently's table counts predictions as columns, and knows no missing values.</p>"
        "</header>"
    )
    page = page.replace("<head>", f"<head><title>{title}</title>", 1)
    return page.replace("<body>", f"<body>{body}", 1)


def require_names(params: DriftParams) -> None:
    """Raise `WrongInput` when params.yaml names a column that does not exist."""
    names = [column.name for column in schema.COLUMNS]
    for name in (*params.columns, *params.ignore):
        if name not in names:
            message = f"{paths.PARAMS}: section drift names {name!r}, not a column of schema.py"
            raise WrongInput(message, did_you_mean(name, names))
    kinds = {column.name: column.kind for column in schema.COLUMNS}
    rules = [(name, kinds[name] in NUMERIC, rule) for name, rule in params.columns.items()]
    for name, numeric, rule in [("text", False, params.text), *rules]:
        if rule.method == "wasserstein" and not numeric:
            message = f"{paths.PARAMS}: drift of {name!r} cannot be measured by 'wasserstein'"
            raise WrongInput(message, "it is for numbers; text takes 'jensenshannon'")


def read_checked(batches: Sequence[Path]) -> pd.DataFrame:
    """Read batches whose known columns fit the schema; `Refused` names the first problem."""
    columns = tables.known_columns(schema)
    parts = []
    for path in batches:
        rows = tables.read(path, schema, data)
        if rows.empty:
            raise WrongInput(f"{path} has no rows")
        if problems := check_columns(rows, columns):
            raise Refused(f"{path}: {problems[0]['message']}")
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def training_part(holdout_share: float) -> pd.DataFrame:
    """Return the rows of data/raw that a model learns from."""
    rows = featurize.read(tables.batches(paths.RAW))
    return data.split(rows[schema.read_target(rows).notna()], holdout_share)[0]


def champion() -> Champion | None:
    """Return the champion; nothing, with a warning, when it cannot answer."""
    found = Champion(schema, features)
    try:
        found.load_or_raise()
    except Problem as problem:
        click.echo(f"warning: predictions are not compared: {problem}", err=True)
        return None
    return found


def compare(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    params: DriftParams,
    model: Champion | None = None,
) -> tuple[dict[str, Any], str]:
    """Compare two tables column by column, and the predictions for them.

    Args:
        reference: Rows as they were in training.
        current: Rows to judge; columns known later than the prediction are not needed.
        params: Section `drift` of params.yaml.
        model: Whose predictions are compared; without one, none are.

    Returns:
        The report, and Evidently's page for people.
    """
    reference, current = (draw(rows, params) for rows in (reference, current))
    skipped = {
        column.name: reason
        for column in tables.known_columns(schema)
        if (reason := why_not(column, reference, params))
    }
    columns = [c for c in tables.known_columns(schema) if c.name not in skipped]
    rules = {column.name: rule_for(column, params) for column in columns}
    before, after = (rows[list(rules)] for rows in (reference, current))
    predictions: list[str] = []
    if model:
        expected, found = predicted(model, reference), predicted(model, current)
        predictions = list(expected)
        rules |= dict.fromkeys(predictions, params.prediction)
        before, after = before.join(expected), after.join(found)
    texts = [column.name for column in columns if column.kind not in NUMERIC]
    scores, page = measure(before, after, rules, texts, params)
    results = [
        result(name, rules[name], scores.get(name), before[name], after[name], params)
        for name in rules
    ]
    return verdict(results, predictions, params) | {"rows": len(after), "skipped": skipped}, page


def draw(rows: pd.DataFrame, params: DriftParams) -> pd.DataFrame:
    """Return at most `max_rows` rows, the same ones for the same seed."""
    few = len(rows) <= params.max_rows
    drawn = rows if few else rows.sample(params.max_rows, random_state=params.seed)
    return drawn.reset_index(drop=True)


def why_not(column: Column, reference: pd.DataFrame, params: DriftParams) -> str:
    """Return why a column is not compared, or nothing."""
    if column.name in params.ignore:
        return "ignored in params.yaml"
    if column.personal:
        return "personal"
    if column.kind == "timestamp":
        return "a time always moves on"
    if column.kind == "integer" and column.name in schema.KEY:
        return "a number that names a row"
    values = reference[column.name].nunique()
    if column.kind == "text" and values > params.max_categories:
        return f"{values:,} different values"
    return ""


def rule_for(column: Column, params: DriftParams) -> DriftRule:
    """Return method and threshold of a column."""
    return params.columns.get(column.name, params.number if column.kind in NUMERIC else params.text)


def predicted(model: Champion, rows: pd.DataFrame) -> pd.DataFrame:
    """Return predicted numbers, or probabilities but the first: they add up to one."""
    y_pred = model.predict(rows)
    return y_pred.iloc[:, 1:].add_prefix("probability_") if schema.LABELS else y_pred


def measure(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    rules: dict[str, DriftRule],
    texts: Sequence[str],
    params: DriftParams,
) -> tuple[dict[str, float], str]:
    """Let Evidently measure the columns with enough values on both sides; and draw them."""
    counts = {name: min(reference[name].count(), current[name].count()) for name in rules}
    enough = [name for name in rules if counts[name] >= params.min_rows]
    if not enough:
        return {}, "<!doctype html><head></head><body>Too few values to compare.</body>\n"
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    kinds = DataDefinition(
        numerical_columns=[name for name in enough if name not in texts],
        categorical_columns=[name for name in enough if name in texts],
    )
    known = reference[enough], current[enough]
    before, after = (Dataset.from_pandas(part, data_definition=kinds) for part in known)
    table = DataDriftPreset(
        columns=enough,
        drift_share=params.share,
        per_column_method={name: rules[name].method for name in enough},
        per_column_threshold={name: rules[name].threshold for name in enough},
        include_tests=False,
    )
    snapshot = Report([table]).run(after, before)
    _, *values = [metric["value"] for metric in snapshot.dict()["metrics"]]  # first: how many
    scores = {name: float(value) for name, value in zip(enough, values, strict=True)}
    return scores, snapshot.get_html_str(as_iframe=False)


def result(
    name: str,
    rule: DriftRule,
    score: float | None,
    reference: pd.Series,
    current: pd.Series,
    params: DriftParams,
) -> dict[str, Any]:
    """Judge one column by its distance and by how many of its values are missing."""
    missing = [float(values.isna().mean()) for values in (reference, current)]
    far = score is not None and score >= rule.threshold
    return {
        "column": name,
        "method": rule.method,
        "score": score,
        "threshold": rule.threshold,
        "missing": missing,
        "drifted": far or abs(missing[1] - missing[0]) >= params.missing,
    }


def verdict(results: Found, predictions: list[str], params: DriftParams) -> dict[str, Any]:
    """Say whether enough columns, or the predictions, drifted."""
    columns = [found for found in results if found["column"] not in predictions]
    others = [found for found in results if found["column"] in predictions]
    drifted = sum(found["drifted"] for found in columns)
    share = drifted / len(columns) if columns else 0.0
    prediction = any(found["drifted"] for found in others)
    return {
        "drifted": share >= params.share or prediction,
        "drifted_columns": drifted,
        "drifted_share": share,
        "share": params.share,
        "prediction_drifted": prediction,
        "columns": columns,
        "predictions": others,
    }
