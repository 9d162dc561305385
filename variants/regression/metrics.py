"""How far off are the predicted minutes? The contract sets its bar on one of these numbers."""

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error


def score(y_true: pd.Series, y_pred: pd.DataFrame) -> dict[str, float]:
    """Score predicted delays against what happened.

    Args:
        y_true: (n,) minutes of arrival delay.
        y_pred: (n, 1) predicted minutes.

    Returns:
        `mae` and `rmse`: minutes, smaller is better; `rmse` minds the few very late flights more.
        `r2`: share of the variance explained, 0 for always predicting the mean.
        `bias`: minutes by which the predictions are too high on average.
    """
    happened, predicted = y_true.to_numpy(), y_pred.iloc[:, 0].to_numpy()
    return {
        "mae": float(mean_absolute_error(happened, predicted)),
        "rmse": float(root_mean_squared_error(happened, predicted)),
        "r2": float(r2_score(happened, predicted)) if len(happened) > 1 else np.nan,
        "bias": float((predicted - happened).mean()),
    }
