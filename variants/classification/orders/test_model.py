"""Does the model behave as somebody who knows orders expects?"""

import pandas as pd

from {{ package_name }} import features, model, schema
from {{ package_name }}._mlops.data import tables


def test_a_middling_price_on_the_web_raises_the_risk(orders: pd.DataFrame) -> None:
    inputs = features.build_features(tables.known_rows(orders, schema))
    fitted = model.build_model(model.Params()).fit(inputs, schema.read_target(orders))
    row = inputs.iloc[[0]].assign(shop="web")

    cheap, middling = (
        fitted.predict_proba(row.assign(price_eur=price))[0, 1] for price in (10.0, 60.0)
    )

    assert middling > cheap
