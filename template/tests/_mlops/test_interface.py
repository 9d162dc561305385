# The template's. What fails here is named by file: change that file of yours, not this one.
"""Do your files still fit what the glue asks of them? interface.py says what that is."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone

from .broken import LATE
from .fixtures import ROOT
from .package import config, data, features, interface, metrics, model, outcome, schema, tables

NAMES = [column.name for column in schema.COLUMNS]
ASKED = [
    (schema, interface.Schema),
    (data, interface.Data),
    (features, interface.Features),
    (model, interface.Model),
    (metrics, interface.Metrics),
]


def functions(protocol: type) -> dict[str, Callable[..., Any]]:
    """Return the functions that a protocol asks for."""
    return {name: found for name, found in vars(protocol).items() if inspect.isfunction(found)}


@pytest.mark.parametrize(
    ("module", "name", "asked"),
    [
        pytest.param(module, name, asked, id=f"{module.__name__.rpartition('.')[2]}.py: {name}")
        for module, protocol in ASKED
        for name, asked in functions(protocol).items()
        if not name.startswith("_")
    ],
)
def test_a_function_that_is_asked_for_can_be_called(
    module: ModuleType, name: str, asked: Callable[..., Any]
) -> None:
    arguments = [object()] * (len(inspect.signature(asked).parameters) - 1)
    given = getattr(module, name, None)

    assert callable(given), f"{module.__file__} has no function {name!r}"
    inspect.signature(given).bind(*arguments)


def test_the_values_of_the_target_are_the_labels(
    sample: pd.DataFrame,
) -> None:
    target = schema.read_target(sample)

    assert target.index.equals(sample.index)
    assert outcome.check_target(target.dropna(), schema.LABELS) == ""


def test_the_split_gives_two_parts_of_the_rows(sample: pd.DataFrame) -> None:
    train, holdout = data.split(sample, 0.25)

    assert len(train) > len(holdout) > 0
    assert sorted([*train.index, *holdout.index]) == sorted(sample.index)


def test_features_keep_the_index_and_leave_their_input_alone(known: pd.DataFrame) -> None:
    rows = known.sample(frac=1, random_state=0)
    before = rows.copy()
    made = features.build_features(rows)

    assert made.index.equals(rows.index), "features.py: build_features changed the rows"
    pd.testing.assert_frame_equal(rows, before)


def test_features_of_one_row_are_its_features_among_others(known: pd.DataFrame) -> None:
    """A feature made of other rows, such as a mean, would differ in a request of one row."""
    together = features.build_features(known)
    for position in range(0, len(known), max(1, len(known) // 10)):
        alone = features.build_features(known.iloc[[position]])

        pd.testing.assert_frame_equal(alone, together.iloc[[position]], check_dtype=False)


def test_no_feature_is_personal_or_known_too_late(known: pd.DataFrame) -> None:
    personal = {column.name for column in schema.COLUMNS if column.personal}

    assert not set(features.build_features(known)) & {*LATE, *personal, schema.TARGET}


def test_params_yaml_has_what_your_model_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    params = config.train_params(config.load_params(), model)

    assert isinstance(params, interface.Section), "model.py: Params has to be an interface.Section"
    assert isinstance(model.build_model(params), BaseEstimator)


def test_models_come_unfitted_and_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    params = config.train_params(config.load_params(), model)

    assert model.build_model(params) is not model.build_model(params)
    assert clone(model.build_model(params))
    assert all(isinstance(simple, BaseEstimator) for simple in model.build_baselines().values())
    assert model.build_baselines(), "model.py: a model without a baseline beats nothing"


def test_the_contract_judges_by_numbers_and_columns_that_exist(
    sample: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    contract = config.load_contract()
    rows = sample[schema.read_target(sample).notna()]
    inputs, target = features.build_features(tables.known_rows(rows, schema)), None
    target = schema.read_target(rows)
    simple = next(iter(model.build_baselines().values())).fit(inputs, target)
    scores = metrics.score(target, outcome.predict(simple, inputs, schema.LABELS))

    assert contract.quality.metric in scores, "contract.yaml: quality.metric"
    assert set(contract.slices.columns) <= set(NAMES), "contract.yaml: slices.columns"


def test_files_of_an_older_version_stay_valid() -> None:
    """Every key has a default, except the four that only the contract's parties can know."""
    bars = {"metric": "m", "accept": 1, "retrain": 1, "withdraw": 1}

    assert interface.Contract.model_validate({"quality": bars})
    assert interface.Params.model_validate({})
