# The template's. What your own model is worth stands in a test of yours.
"""Does a trial of a proposed model see how batches differ?"""

import numpy as np
import pandas as pd
import pytest

from ..package import dataset, outcome, schema, trial


@pytest.mark.parametrize("labels", [(), ("no", "yes")])
def test_batches_whose_predictions_differ_are_apart(
    labels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def predict(_: object, rows: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
        if not labels:
            return rows[["x"]].set_axis([outcome.NUMBER], axis="columns")
        return pd.DataFrame({"no": 1 - rows["x"], "yes": rows["x"]})

    monkeypatch.setattr(schema, "LABELS", labels)
    monkeypatch.setattr(dataset, "inputs_and_target", lambda rows: rows)
    monkeypatch.setattr(outcome, "predict", predict)
    luck = np.random.default_rng(0)
    alike = [pd.DataFrame({"x": luck.normal(0.5, 0.1, 300), schema.TARGET: 0.0}) for _ in range(4)]
    other = alike[0].assign(x=lambda rows: rows["x"] + 0.1)

    assert trial.apart(None, alike) < 0.3
    assert 0.8 < trial.apart(None, [*alike, other]) < 1.3
    assert trial.apart(None, alike[:1]) == 0.0
