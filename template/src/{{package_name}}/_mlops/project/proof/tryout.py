# The template's. The sample is yours: tests/data/sample.parquet.
"""The sample, and a model trained on it: what the checks of `readiness --run` try things out on."""

from functools import cached_property
from typing import Any

import pandas as pd

from .... import data, model, schema
from ... import paths
from ...config import load_contract, load_params, train_params
from ...data import dataset, outcome, tables, validation
from ...interface import Column, Contract

FEW = 2_000  # rows: a try takes seconds


class Trial:
    """Tables and a model, made when they are first asked for."""

    @cached_property
    def contract(self) -> Contract:
        """The contract of this repo."""
        return load_contract()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The sample, (n, columns), n at most 2,000."""
        return tables.read(paths.SAMPLE, schema, data).head(FEW)

    @cached_property
    def labelled(self) -> pd.DataFrame:
        """Those rows of the sample whose outcome is known."""
        return self.rows[validation.read_target(self.rows).notna()]

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """What `build_features` makes of the labelled rows."""
        return dataset.inputs_and_target(self.labelled).drop(columns=schema.TARGET)

    @cached_property
    def target(self) -> pd.Series:
        """The outcome of the labelled rows."""
        return validation.read_target(self.labelled)

    def unfitted(self) -> Any:
        """Return a new model with the parameters of params.yaml."""
        params: Any = train_params(load_params(), model)
        return model.build_model(params)

    @cached_property
    def fitted(self) -> Any:
        """The model, fitted on the sample."""
        return self.unfitted().fit(self.inputs, self.target)

    @property
    def known(self) -> list[Column]:
        """The columns that a request may hold."""
        return tables.known_columns(schema)

    def predict(self, rows: pd.DataFrame, fitted: Any = None) -> pd.DataFrame:
        """Return what a model says about rows as they arrive."""
        inputs = dataset.inputs_and_target(rows).drop(columns=schema.TARGET)
        return outcome.predict(fitted or self.fitted, inputs, schema.LABELS)

    def problems(self, rows: pd.DataFrame) -> list[dict[str, Any]]:
        """Return what the service would refuse in rows."""
        return validation.check_columns(tables.conform(rows, self.known), self.known)
