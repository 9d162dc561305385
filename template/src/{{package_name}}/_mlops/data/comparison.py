# The template's. Methods, thresholds and columns to ignore are yours, in params.yaml.
"""Compare two tables column by column, and the predictions for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from ... import data, schema
from .. import paths
from ..errors import Refused, WrongInput, did_you_mean
from ..interface import Column, DriftParams, DriftRule
from . import dataset, tables, validation
from .distances import distance
from .validation import check_columns

NUMERIC = ("integer", "number")
Found = list[dict[str, Any]]


class Predictor(Protocol):
    """What predicts rows of the schema's columns, such as the champion."""

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return (n, k) predictions with the index of the rows."""
        ...


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
    """Return the rows of data/raw that new ones are compared with."""
    return beside_training(dataset.read(tables.batches(paths.RAW)), holdout_share)


def beside_training(rows: pd.DataFrame, holdout_share: float) -> pd.DataFrame:
    """Return the rows that a model learns from, and those of their time that have no target.

    Of new rows nobody knows yet which ones will have one.
    """
    known = validation.read_target(rows).notna()
    learned, held_out = data.split(rows[known], holdout_share)
    others = rows[~known]
    if schema.TIME:
        others = others[others[schema.TIME] < held_out[schema.TIME].min()]
    return pd.concat([learned, others])


@dataclass(frozen=True)
class Compared:
    """Two tables as they were compared, for those who draw them.

    Args:
        before: Columns as they were in training, and predictions for them.
        after: The same of what is judged.
        rules: By which each column is compared.
        texts: Those that are names, and no numbers.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    rules: dict[str, DriftRule]
    texts: list[str]


def compare(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    params: DriftParams,
    model: Predictor | None = None,
) -> tuple[dict[str, Any], Compared]:
    """Compare two tables column by column, and the predictions for them.

    Args:
        reference: Rows as they were in training.
        current: Rows to judge; columns known later than the prediction are not needed.
        params: Section `drift` of params.yaml.
        model: Whose predictions are compared; without one, none are.

    Returns:
        The report, and what it is about.
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
    compared = Compared(before, after, rules, texts)
    scores = measure(compared, params)
    results = [
        result(name, rules[name], scores.get(name), before[name], after[name], params)
        for name in rules
    ]
    report = verdict(results, predictions, params) | {"rows": len(after), "skipped": skipped}
    return report, compared


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
    if tables.names_rows(column, schema):
        return "it names a row"
    if column.names:
        return "it names something"
    values = reference[column.name].nunique()
    if column.kind == "text" and values > params.max_categories:
        return f"{values:,} different values"
    return ""


def rule_for(column: Column, params: DriftParams) -> DriftRule:
    """Return method and threshold of a column."""
    return params.columns.get(column.name, params.number if column.kind in NUMERIC else params.text)


def predicted(model: Predictor, rows: pd.DataFrame) -> pd.DataFrame:
    """Return predicted numbers, or probabilities but the first: they add up to one."""
    y_pred = model.predict(rows)
    return y_pred.iloc[:, 1:].add_prefix("probability_") if schema.LABELS else y_pred


def measure(compared: Compared, params: DriftParams) -> dict[str, float]:
    """Return the distance of each column that has enough values on both sides."""
    before, after, rules = compared.before, compared.after, compared.rules
    return {
        name: distance(rules[name].method, before[name], after[name], name in compared.texts)
        for name in enough(compared, params)
    }


def enough(compared: Compared, params: DriftParams) -> list[str]:
    """Name the columns with enough values on both sides."""
    sides = compared.before, compared.after
    return [
        name
        for name in compared.rules
        if min(side[name].count() for side in sides) >= params.min_rows
    ]


def page(compared: Compared, params: DriftParams) -> str:
    """Return Evidently's page of the columns with enough values; it takes seconds to import."""
    names = enough(compared, params)
    if not names:
        return "<!doctype html><head></head><body>Too few values to compare.</body>\n"
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    kinds = DataDefinition(
        numerical_columns=[name for name in names if name not in compared.texts],
        categorical_columns=[name for name in names if name in compared.texts],
    )
    known = compared.before[names], compared.after[names]
    before, after = (Dataset.from_pandas(part, data_definition=kinds) for part in known)
    table = DataDriftPreset(
        columns=names,
        drift_share=params.share,
        per_column_method={name: compared.rules[name].method for name in names},
        per_column_threshold={name: compared.rules[name].threshold for name in names},
        include_tests=False,
    )
    drawn: str = Report([table]).run(after, before).get_html_str(as_iframe=False)
    return drawn


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
        "compared": sum(found["score"] is not None for found in results),
        "prediction_drifted": prediction,
        "columns": columns,
        "predictions": others,
    }
