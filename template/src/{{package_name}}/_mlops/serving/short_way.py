# The template's. Yours is model.py; a model of another kind than these is asked as it is.
"""A fitted pipeline that answers a few rows in a part of the time, with the same numbers.

scikit-learn looks at each table anew, at its names, types and categories, which takes longer than
the model itself when the table has one row. Here its values are taken once, and what an encoder
makes of a value is looked up in a table that the encoder filled. Where that does not fit, for a
model or for some rows, the pipeline itself is asked.
"""

import copy
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..data.tables import is_missing

if TYPE_CHECKING:  # a model brings what it needs of scikit-learn, which takes long to import
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

BOOSTING = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
FORESTS = (
    *("ExtraTreesClassifier", "ExtraTreesRegressor"),
    *("RandomForestClassifier", "RandomForestRegressor"),
)
FEW = 1000  # rows of a table; of more, scikit-learn's own look at it costs little
MISSING = float("nan")
UNKNOWN = "a value that no category is"
log = logging.getLogger("bentoml.champion")
Part = Callable[[pd.DataFrame, list[Any], np.ndarray], np.ndarray]


class Unfit(Exception):
    """A model or a table for which there is no short way."""


class Short:
    """A model that takes the short way where there is one, and is otherwise as it was fitted.

    Args:
        model: A fitted pipeline.
        method: What it is asked for, `predict_proba` or `predict`.
        rows: (n, k) table as it will be asked.

    Raises:
        Unfit: If the model has no short way.
    """

    def __init__(self, model: Any, method: str, rows: pd.DataFrame) -> None:
        if not is_a(model, "Pipeline") or len(model.steps) < 2:
            raise Unfit(f"{type(model).__name__} is no pipeline of steps")
        self._model = model
        *before, (_, last) = model.steps
        if not is_a(before[0][1], "ColumnTransformer"):
            raise Unfit(f"{type(before[0][1]).__name__} is no ColumnTransformer")
        self._before = [Columns(before[0][1], rows), *(step for _, step in before[1:])]
        self._last: Callable[[Any], Any] = getattr(estimator(last, method), method)
        setattr(self, method, self.ask)
        self._plain: Callable[[Any], Any] = getattr(model, method)

    def __getattr__(self, name: str) -> Any:
        """Return what the model itself has, such as `classes_`."""
        return getattr(self.__dict__["_model"], name)

    def ask(self, rows: pd.DataFrame) -> Any:
        """Answer as the model does."""
        if len(rows) > FEW:
            return self._plain(rows)
        try:
            found: Any = rows
            for step in self._before:
                found = step.transform(found)
        except Unfit:
            return self._plain(rows)
        return self._last(found)


class Columns:
    """A fitted ColumnTransformer that takes the values of a table once.

    Args:
        fitted: Its result is dense; a part may be an encoder, or pass numbers through.
        rows: (n, k) table as it will be asked.
    """

    def __init__(self, fitted: "ColumnTransformer", rows: pd.DataFrame) -> None:
        if fitted.sparse_output_ or list(fitted.feature_names_in_) != list(rows):
            raise Unfit("the columns are others, or the result is sparse")
        self.names = list(rows)
        self.parts: list[Part] = []
        indices = fitted._transformer_to_input_indices
        for name, transformer, asked in fitted.transformers_:
            places = list(indices[name])
            if places and not (isinstance(transformer, str) and transformer == "drop"):
                self.parts.append(part(transformer, asked, places, rows))

    def transform(self, rows: pd.DataFrame) -> np.ndarray:
        """Return an array of (n, m) numbers; `Unfit` for a table of another kind."""
        if list(rows) != self.names:
            raise Unfit("other columns")
        types, values = list(rows.dtypes), rows.to_numpy("object")  # sooner than column by column
        return np.hstack([make(rows, types, values) for make in self.parts])


def part(transformer: Any, asked: Any, places: list[int], rows: pd.DataFrame) -> Part:
    """Return what one transformer does, given a table, the types of its columns and its values."""
    names = [list(rows)[place] for place in places]
    if is_a(transformer, "OrdinalEncoder"):
        codes = Codes(transformer, rows[names].head(1))
        return lambda _, types, values: codes.of_columns(
            [types[place] for place in places], values[:, places].T.tolist()
        )
    if is_a(transformer, "FunctionTransformer") and transformer.func is None:
        return lambda _, types, values: numbers(
            [types[place] for place in places], values[:, places]
        )
    chosen = asked if isinstance(asked, str) else names  # a name alone asks for one dimension

    def by_itself(rows: pd.DataFrame, *_: Any) -> np.ndarray:
        found = transformer.transform(rows[chosen])
        return np.asarray(found.toarray() if hasattr(found, "toarray") else found)

    return by_itself


def numbers(types: Sequence[Any], values: np.ndarray) -> np.ndarray:
    """Return columns of numbers; `Unfit` for one of other values."""
    if not all(isinstance(one, np.dtype) and one.kind in "iuf" for one in types):
        raise Unfit("a column holds no numbers")
    return values.astype("float64")


class Codes:
    """What a fitted encoder makes of each value, column by column.

    Args:
        encoder: Fitted.
        row: One row of its columns, a table or an array, as it will be asked.
    """

    def __init__(self, encoder: "OrdinalEncoder", row: Any) -> None:
        self.types = list(row.dtypes) if hasattr(row, "dtypes") else []
        self.tables = [
            Table(encoder, row, place, known) for place, known in enumerate(encoder.categories_)
        ]

    def of_columns(self, types: list[Any], columns: Sequence[list[Any]]) -> np.ndarray:
        """Return the codes of columns of a table, given their types and values."""
        if types != self.types:
            raise Unfit("a column of categories has another type")
        return self.of(columns)

    def of(self, columns: Sequence[list[Any]]) -> np.ndarray:
        """Return (n, k) codes of k lists of values."""
        found = np.empty((len(columns[0]), len(columns)))
        for place, (table, values) in enumerate(zip(self.tables, columns, strict=True)):
            found[:, place] = [table[value] for value in values]
        return found


class Table(dict[Any, float]):
    """The code of each value of one column; `Unfit` for a value that the encoder refuses."""

    def __init__(self, encoder: "OrdinalEncoder", row: Any, place: int, known: np.ndarray) -> None:
        values = [value for value in known.tolist() if not is_missing(value)]
        super().__init__(zip(values, asked_for(encoder, row, place, values), strict=True))
        unknown = UNKNOWN if known.dtype.kind == "O" else max([0.0, *values]) + 1
        self.others = {}
        for missing, value in ((True, MISSING), (False, unknown)):
            try:
                self.others[missing] = asked_for(encoder, row, place, [value])[0]
            except (ValueError, TypeError):  # it refuses them: let it say so
                continue

    def __missing__(self, value: Any) -> float:
        """Return the code of a value that is missing, or that is no category."""
        found = self.others.get(is_missing(value))
        if found is None:
            raise Unfit("a value that the encoder refuses")
        return found


def asked_for(encoder: "OrdinalEncoder", row: Any, place: int, values: list[Any]) -> list[float]:
    """Return the codes that an encoder gives values of one column."""
    if isinstance(row, pd.DataFrame):
        table = row.iloc[[0] * len(values)].reset_index(drop=True)
        name = table.columns[place]
        table[name] = pd.Series(values, dtype=table[name].dtype)
    else:
        table = np.repeat(row[:1], len(values), axis=0)
        table[:, place] = values
    return encoder.transform(table)[:, place].tolist() if values else []


class Coded:
    """The encoder that boosting on trees has of its own, for an array."""

    def __init__(self, fitted: "ColumnTransformer", categorical: np.ndarray) -> None:
        encoder = fitted.named_transformers_["encoder"]
        self.categorical = categorical
        self.codes = Codes(encoder, np.zeros((1, len(encoder.categories_))))

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """Return (n, k) numbers, the codes of the categories first."""
        codes = self.codes.of(rows[:, self.categorical].T.tolist())
        return np.hstack([codes, rows[:, ~self.categorical]])


def estimator(last: Any, method: str) -> Any:
    """Return what is asked at the end of a pipeline, the same or a copy that is faster."""
    if is_a(last, "FixedThresholdClassifier") and method == "predict_proba":
        return estimator(last.estimator_, method)
    if not is_a(last, *FORESTS, *BOOSTING):
        return last
    from .joined_trees import Forest, JoinedTrees

    if is_a(last, *FORESTS):
        return Forest(last)
    faster = copy.copy(last)
    if last._preprocessor is not None:
        faster._preprocessor = Coded(last._preprocessor, np.asarray(last.is_categorical_))
    faster._predict_iterations = JoinedTrees(last, last._n_features).add
    return faster


def is_a(one: Any, *names: str) -> bool:
    """Say whether an object is of one of these classes of scikit-learn's, and of none below."""
    kind = type(one)
    return kind.__module__.startswith("sklearn.") and kind.__name__ in names


def of(model: Any, method: str, samples: Sequence[pd.DataFrame]) -> Any:
    """Return the model with its short way, when it has one that answers samples just as it does.

    Args:
        model: Fitted.
        method: What it is asked for, `predict_proba` or `predict`.
        samples: Tables as it will be asked, one or more.
    """
    try:
        short = Short(model, method, samples[0])
        for sample in samples:
            if not np.array_equal(short.ask(sample), short._plain(sample), equal_nan=True):
                raise Unfit("the short way gives other numbers")
    except Exception as reason:  # of whatever kind: the long way is always right
        log.info("the model is asked as it is: %s", reason)
        return model
    return short
