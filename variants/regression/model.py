"""The model, and the two simple ones that it has to beat."""

from pydantic import Field
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ._mlops.interface import Section
from .features import CATEGORIES

numbers = make_column_selector(dtype_include="number")


class Params(Section):
    """Section `train` of params.yaml."""

    seed: int = 0
    learning_rate: float = Field(default=0.1, gt=0)
    max_iter: int = Field(default=100, ge=1)
    max_leaf_nodes: int = Field(default=31, ge=2)
    min_samples_leaf: int = Field(default=20, ge=1)
    l2_regularization: float = Field(default=0.0, ge=0)


def build_model(params: Params) -> Pipeline:
    """Return gradient boosting on trees, unfitted; it predicts the mean delay.

    A category not seen in training counts as missing; missing values are split on as they are.
    """
    to_codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=float("nan"),
        encoded_missing_value=float("nan"),
    )
    return make_pipeline(
        make_column_transformer((to_codes, CATEGORIES), remainder="passthrough"),
        HistGradientBoostingRegressor(
            categorical_features=list(range(len(CATEGORIES))),
            learning_rate=params.learning_rate,
            max_iter=params.max_iter,
            max_leaf_nodes=params.max_leaf_nodes,
            min_samples_leaf=params.min_samples_leaf,
            l2_regularization=params.l2_regularization,
            random_state=params.seed,
        ),
    )


def build_baselines() -> dict[str, Pipeline]:
    """Return what anyone could do without machine learning, and with the least of it."""
    prepared = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    )
    return {
        "mean": make_pipeline(DummyRegressor(strategy="mean")),
        "linear": make_pipeline(prepared, Ridge()),
    }
