# The template's. Your own model is asked both ways in `test_your_model`.
"""The short way gives the numbers of the pipeline itself, or steps aside."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ..fixtures import Repo
from ..package import champion, features, paths, schema, short_way

COLORS = ["red", "green", "blue", "none"]
CATEGORIES = ["color", "shape"]
AS_MISSING = {
    "handle_unknown": "use_encoded_value",
    "unknown_value": float("nan"),
    "encoded_missing_value": float("nan"),
}


def table(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Return rows with categories, numbers and missing values of each."""
    random = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "size": random.normal(size=rows),
            "color": random.choice([*COLORS, None], rows),
            "count": random.integers(0, 50, rows),
            "shape": random.choice(["round", "square"], rows),
            "text": random.choice(["a b c", "b c", "d"], rows),
        }
    )
    made.loc[random.random(rows) < 0.1, "size"] = np.nan
    return made.astype({"color": "str", "shape": "str", "text": "str"})


def coded(**options: Any) -> ColumnTransformer:
    """Return codes of the categories before the numbers."""
    codes = OrdinalEncoder(**{**AS_MISSING, **options})
    return ColumnTransformer(
        [("codes", codes, CATEGORIES), ("numbers", "passthrough", ["size", "count"])]
    )


def boosting(**options: Any) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=12, random_state=0, **{"categorical_features": [0, 1], **options}
    )


MODELS: dict[str, Callable[[], Any]] = {
    "boosting": lambda: boosting(),
    "no categories": lambda: boosting(categorical_features=None),
    "one tree": lambda: boosting().set_params(max_iter=1),
    "forest": lambda: ExtraTreesClassifier(20, random_state=0),
    "threshold": lambda: FixedThresholdClassifier(boosting(), threshold=0.2),
}


def fitted(model: Any, rows: pd.DataFrame, labels: int = 2) -> Pipeline:
    """Return a pipeline that learned an outcome that both kinds of columns tell."""
    told = rows["size"].fillna(1) + (rows["color"] == "red") + rows["count"] / 50
    y = pd.qcut(told, labels, labels=False)
    return model.fit(rows, y)


def parts(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return rows alone, few at once, and all."""
    return [rows.iloc[[place]] for place in range(20)] + [rows.iloc[20:50], rows.iloc[50:], rows]


@pytest.mark.parametrize("labels", [2, 4])
@pytest.mark.parametrize("name", MODELS)
def test_the_same_numbers_for_rows_alone_and_together(name: str, labels: int) -> None:
    if name == "threshold" and labels > 2:
        labels = 2
    rows, unseen = table(), table(seed=1)
    unseen.loc[unseen.index[:3], "color"] = "violet"
    model = fitted(make_pipeline(coded(), MODELS[name]()), rows, labels)

    short = short_way.of(model, "predict_proba", [rows.head(1)])

    assert isinstance(short, short_way.Short)
    assert short.classes_.tolist() == list(range(labels))
    for some in parts(unseen):
        np.testing.assert_array_equal(short.predict_proba(some), model.predict_proba(some))


@pytest.mark.parametrize("regressor", [HistGradientBoostingRegressor, RandomForestRegressor])
def test_numbers_are_predicted_alike(regressor: Callable[..., Any]) -> None:
    rows, unseen = table(), table(seed=1)
    model = make_pipeline(coded(), regressor(random_state=0))
    model.fit(rows, rows["count"] * 1.5)

    short = short_way.of(model, "predict", [rows.head(1)])

    assert isinstance(short, short_way.Short)
    assert not hasattr(short, "predict_proba")
    for some in parts(unseen):
        np.testing.assert_array_equal(short.predict(some), model.predict(some))


def test_parts_of_other_kinds_are_asked_themselves() -> None:
    rows, unseen = table(), table(seed=1)
    mixed = ColumnTransformer(
        [
            ("codes", OrdinalEncoder(max_categories=3, **AS_MISSING), ["color"]),
            ("columns", OneHotEncoder(handle_unknown="ignore"), ["shape"]),
            ("scaled", StandardScaler(), ["count"]),
            ("words", HashingVectorizer(n_features=8), "text"),
            ("left out", "drop", ["size"]),
        ],
        sparse_threshold=0,
    )
    model = fitted(make_pipeline(mixed, StandardScaler(), boosting()), rows)

    short = short_way.of(model, "predict_proba", [rows.head(1)])

    assert isinstance(short, short_way.Short)
    for some in parts(unseen):
        np.testing.assert_array_equal(short.predict_proba(some), model.predict_proba(some))


def test_what_the_encoder_refuses_is_refused() -> None:
    rows = table()
    model = fitted(
        make_pipeline(coded(handle_unknown="error", unknown_value=None), boosting()), rows
    )
    short = short_way.of(model, "predict_proba", [rows.head(1)])
    strange = rows.head(2).assign(color="violet")

    assert isinstance(short, short_way.Short)
    with pytest.raises(ValueError, match="unknown categories"):
        short.predict_proba(strange)
    with pytest.raises(ValueError, match="columns are missing"):
        short.predict_proba(rows.head(1).drop(columns="color"))


def test_another_type_of_a_column_is_left_to_the_pipeline() -> None:
    rows = table()
    model = fitted(make_pipeline(coded(), boosting()), rows)
    short = short_way.of(model, "predict_proba", [rows.head(1)])
    some = rows.head(5)

    for same in (
        some.astype({"color": "object"}),
        some.astype({"count": "float64"}),
        some.astype({"count": "Int64"}),
        some[list(some)[::-1]],
    ):
        np.testing.assert_array_equal(short.predict_proba(same), model.predict_proba(some))


@pytest.mark.parametrize(
    "model",
    [
        boosting(categorical_features=None),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(make_column_transformer((OneHotEncoder(), ["count"])), LogisticRegression()),
    ],
    ids=["no pipeline", "no columns", "sparse"],
)
def test_a_model_of_another_kind_is_asked_as_it_is(model: Any) -> None:
    rows = table()[["count", "size"]].fillna(0)
    model.fit(rows, rows["count"] > 20)

    assert short_way.of(model, "predict_proba", [rows.head(1)]) is model


def test_a_short_way_to_other_numbers_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table()
    model = fitted(make_pipeline(coded(), boosting()), rows)
    assert isinstance(short_way.of(model, "predict_proba", [rows.head(50)]), short_way.Short)

    monkeypatch.setattr(short_way.Table, "__getitem__", lambda self, value: 0.0)

    assert short_way.of(model, "predict_proba", [rows.head(50)]) is model


def test_your_model(repo: Repo, known: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """The champion, however it is asked, gives a row the numbers that its own way gives."""
    monkeypatch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))
    loaded = champion.Champion(schema, features)
    loaded.load_or_raise(warm_up=1)
    model = loaded.require_served().model
    method = "predict_proba" if schema.LABELS else "predict"
    plain = getattr(model, "_plain", getattr(model, method))

    for place in range(min(len(known), 100)):
        one = features.build_features(known.iloc[[place]])
        np.testing.assert_array_equal(getattr(model, method)(one), plain(one))
