# The template's. Yours is build_model in model.py.
"""Fit a model; what its family asks of inputs and labels is said in one line."""

import re
from typing import Any

import pandas as pd

from ... import schema
from ..data import outcome
from ..errors import WrongInput

SOME = 100  # rows
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


def fit(unfitted: Any, inputs: pd.DataFrame, target: pd.Series) -> Any:
    """Return the fitted model, after it has predicted some rows.

    Raises:
        WrongInput: If it does not take these inputs or labels, gives no probabilities, or decides
            by something else.
    """
    name, some = outcome.estimator(unfitted), inputs.head(SOME)
    try:
        fitted = unfitted.fit(inputs, target)
        y_pred = outcome.predict(fitted, some, schema.LABELS)
    except WrongInput:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        for words, hint in ASKED.items():
            if re.search(words, said):
                first = ". ".join(re.split(r"\.\s+(?=[A-Z])", said)[:2])
                message = f"model.py: {name} cannot be fitted: {first[:200]}"
                raise WrongInput(message, hint.format(name)) from error
        raise
    if outcome.CUT in y_pred.attrs and any(outcome.said(y_pred) != fitted.predict(some)):
        message = f"model.py: {name} answers other labels than by its threshold"
        raise WrongInput(message, "take FixedThresholdClassifier with the pos_label that you mean")
    return fitted
