# The template's. Yours is build_model in model.py.
"""Fit a model; what its family asks of inputs and labels is said in one line."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import get_tags

from ... import schema
from .. import PROJECT, paths
from ..data import outcome
from ..data.dataset import HOLDOUT, HOLDOUT_ROWS
from ..errors import Refused, WrongInput, first_of, place_of, written_down

SOME, MANY = 100, 1000  # rows
NUMBERED = 'VotingClassifier([("numbered", {}(...))], voting="soft") numbers them for it'
# what estimators say of inputs that they do not take, and what to do about it
ASKED = {
    "Invalid classes inferred from unique values of `y`": NUMBERED,
    "special JSON characters in feature name|feature_names must be string, and may not contain": (
        "rename the columns in features.py: letters, digits and _"
    ),
    "pandas dtypes must be int, float or bool|DataFrame.dtypes for data must be|"
    "could not convert string to float|Cannot convert .* to float|[Bb]ad value for num_feature": (
        "{} takes numbers: let an OrdinalEncoder or a OneHotEncoder go first in model.py"
    ),
    "Input X contains NaN": "{} takes no missing values: let a SimpleImputer go first in model.py",
    "Negative values in data": "{} takes no numbers below 0: let a MinMaxScaler go first",
    "n_splits=.* greater than|Requesting .*-fold cross-validation|n_neighbors <= n_samples": (
        "there are too few rows of a label, or in all, for {} as model.py builds it"
    ),
}


# what scikit-learn calls an estimator, and what it answers
ANSWERS = {
    "classifier": "labels",
    "regressor": "a number",
    "clusterer": "clusters",
    "outlier_detector": "outliers",
}
SAME = 1e-4  # of the largest answer: what rounding in 32 bits may change
# what holds rows that a model is judged on
JUDGED_ON = (paths.RAW, paths.FEATURES / HOLDOUT, paths.FEATURES / HOLDOUT_ROWS)
OPENED: set[str] = set()  # paths, since somebody began to look


def fit(unfitted: Any, inputs: pd.DataFrame, target: pd.Series) -> Any:
    """Return the fitted model, after it has predicted some rows.

    Raises:
        WrongInput: If it does not take these inputs or labels, gives no probabilities or no
            answers that can be used, or decides by something else.
    """
    require_estimator(unfitted)
    name, some = outcome.estimator(unfitted), asked(inputs)
    fitted, here = None, os.getcwd()
    try:
        with outcome.calm():
            fitted = unfitted.fit(inputs, target)
        if fitted is None:
            message = f"model.py: fit of {name} returns nothing; expected the fitted estimator"
            raise WrongInput(message, "end it with: return self")
        y_pred = outcome.predict(fitted, some, schema.LABELS)
        require_answers(name, y_pred)
        require_same(name, fitted, some, y_pred)
        answers = fitted.predict(some)  # MLflow and whoever loads the model ask for it
    except (WrongInput, MemoryError, OSError):
        raise
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        first = ". ".join(re.split(r"\.\s+(?=[A-Z])", said)[:2])
        place = f" ({place_of(error)})".replace(" ()", "")
        failed = "answer" if fitted is not None else "be fitted"
        message = f"model.py: {name} cannot {failed}: {first[:200]}{place}"
        hints = [hint.format(name) for words, hint in ASKED.items() if re.search(words, said)]
        hint = hints[0] if hints else f"the traceback is in {written_down(error, PROJECT)}"
        raise WrongInput(message, hint) from error
    if os.getcwd() != here:
        os.chdir(here)
        message = f"model.py: {name} changes the folder in which its process works"
        raise WrongInput(message, "every path of this repo is relative to its root")
    strange = {str(one) for one in np.ravel(answers)} - {*schema.LABELS}
    if schema.LABELS and strange:
        message = f"model.py: predict of {name} answers {first_of(sorted(strange), ', ')}"
        raise WrongInput(f"{message}; expected labels of schema.py", "whoever loads it asks for it")
    if outcome.CUT in y_pred.attrs and any(outcome.said(y_pred) != answers):
        message = f"model.py: {name} answers other labels than by its threshold"
        raise WrongInput(message, "take FixedThresholdClassifier with the pos_label that you mean")
    return fitted


@contextmanager
def held_out() -> Iterator[None]:
    """Raise `Refused` when a model that is read, built or fitted meanwhile opened rows held out.

    What Python opens is seen, as by pandas; what a library opens by itself is not.
    """
    listen()
    OPENED.clear()
    yield
    opened = {Path(os.path.relpath(path)) for path in OPENED.copy() if path}
    seen = [path for path in opened if any(path.is_relative_to(one) for one in JUDGED_ON)]
    if seen:
        names = first_of(sorted(seen))
        message = f"model.py reads {names}, which holds rows that the model is judged on"
        raise Refused(message, "fit on what it is given; what is looked up goes into data.py")


@cache
def listen() -> None:
    """Note from now on what Python opens: it never takes a hook away."""

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            OPENED.add(os.fsdecode(arguments[0]))

    sys.addaudithook(note)


def asked(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows, and one with each text, which no other row need hold; at most MANY."""
    chosen = np.arange(len(inputs)) < SOME
    for _, texts in inputs.select_dtypes(["str", "category"]).items():
        chosen |= ~texts.duplicated().to_numpy()
    return inputs[chosen].head(MANY)


def require_estimator(unfitted: Any) -> None:
    """Raise `WrongInput` for what cannot be fitted, or answers something else than the target."""
    if isinstance(unfitted, type) or not hasattr(unfitted, "fit"):
        given = unfitted.__name__ if isinstance(unfitted, type) else repr(unfitted)[:40]
        message = f"model.py: build_model returns {given}; expected an unfitted estimator"
        raise WrongInput(message, "such as make_pipeline(StandardScaler(), LogisticRegression())")
    try:
        kind = get_tags(unfitted).estimator_type
    except (AttributeError, TypeError):  # an estimator that is none of scikit-learn's
        return
    answer, expected = ANSWERS.get(str(kind)), "labels" if schema.LABELS else "a number"
    if answer and answer != expected:
        name = outcome.estimator(unfitted)
        message = f"model.py: {name} answers {answer}; schema.py asks for {expected}"
        raise WrongInput(message, "take a classifier for LABELS, a regressor without them")


def require_answers(name: str, y_pred: pd.DataFrame) -> None:
    """Raise `WrongInput` unless answers are numbers, or probabilities of the schema's labels."""
    values = y_pred.to_numpy()
    if not np.isfinite(values).all():
        raise WrongInput(f"model.py: {name} answers what is no number", "look at its predictions")
    if not schema.LABELS:
        return
    sums = values.sum(axis=1)
    if (values < 0).any() or (np.abs(sums - 1) > outcome.CLOSE).any():
        worst = float(sums[np.abs(sums - 1).argmax()])
        message = f"model.py: the probabilities of {name} for {', '.join(y_pred)} add up to"
        raise WrongInput(f"{message} {worst:.3g}; expected 1", "are its classes_ the labels?")


def require_same(name: str, fitted: Any, some: pd.DataFrame, y_pred: pd.DataFrame) -> None:
    """Raise `WrongInput` unless a row is answered alike again, among others and alone.

    A service asks for the rows of several callers at once, so that none may change another's.
    """
    asked = {"again": slice(None), "among other rows": slice(None, None, -2), "alone": slice(1)}
    limit = SAME * float(np.abs(y_pred.to_numpy()).max())
    for how, rows in asked.items():
        again = outcome.predict(fitted, some.iloc[rows], schema.LABELS)
        far = np.abs(again.to_numpy() - y_pred.iloc[rows].to_numpy()).max()
        if not far <= limit:
            message = f"model.py: {name} answers a row otherwise when it is asked {how}"
            said = f"{message}: {far:.3g} apart; expected the same answer"
            raise WrongInput(said, "a prediction may depend on its own row only; fix seeds")
