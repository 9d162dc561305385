"""How good are the predicted probabilities? The contract sets its bar on one of these numbers."""

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from . import schema


def score(y_true: pd.Series, y_pred: pd.DataFrame) -> dict[str, float]:
    """Score probabilities against what happened.

    Args:
        y_true: (n,) labels.
        y_pred: (n, 2) probabilities, one column per label.

    Returns:
        `roc_auc`: 0.5 is guessing, 1 is perfect; not a number when only one label occurs.
        `log_loss` and `brier`: smaller is better; they punish false confidence.
        `positive_share` and `predicted_share`: how many were late, how many were expected to be.
    """
    positive = schema.LABELS[-1]
    happened = (y_true == positive).to_numpy()
    probability = y_pred[positive].to_numpy()
    mixed = 0 < happened.sum() < len(happened)
    return {
        "roc_auc": float(roc_auc_score(happened, probability)) if mixed else np.nan,
        "log_loss": float(log_loss(happened, probability, labels=[False, True])),
        "brier": float(brier_score_loss(happened, probability)),
        "positive_share": float(happened.mean()),
        "predicted_share": float(probability.mean()),
    }
