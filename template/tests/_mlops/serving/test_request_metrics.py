# The template's. Metrics of yours need tests of yours, beside this folder.
"""What the running service answers is what its /metrics count."""

import httpx
import pandas as pd

from ..package import outcome, schema, tables
from ..scrape import Samples, scraped

ROWS = 3


def ask(service: httpx.Client, known: pd.DataFrame) -> tuple[Samples, dict[str, object], Samples]:
    """Return what was counted before an answer, the answer, and what was counted after it."""
    rows = tables.as_records(known.head(ROWS))
    service.post("/predict", json={"rows": rows})
    before = scraped(service.get("/metrics").text)
    answer = service.post("/predict", json={"rows": rows}).json()
    return before, answer, scraped(service.get("/metrics").text)


def test_each_predicted_row_is_counted_for_its_version(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    before, answer, after = ask(service, known)
    (version,) = {dict(key[1])["version"] for key in after if key[0].startswith("model_prediction")}
    count = ("model_prediction_value_count", frozenset({("version", version)}))

    assert version == answer["model_version"]
    assert after[count] - before[count] == ROWS


def test_each_predicted_label_is_counted_by_its_name(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    before, answer, after = ask(service, known)
    grown = {
        dict(key[1])["value"]: value - before.get(key, 0)
        for key, value in after.items()
        if key[0] == "model_predictions_total"
    }
    given = pd.Series(answer["predictions"]).astype(str).value_counts().to_dict()

    assert {label: count for label, count in grown.items() if count} == (
        given if schema.LABELS else {}
    )


def test_the_values_lie_in_the_buckets_that_were_answered(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    before, answer, after = ask(service, known)
    shares = answer.get("probabilities", [])
    label = outcome.positive(schema)
    values = [one[label] if label else max(one.values()) for one in shares]
    values = values or answer["predictions"]
    for (name, labels), count in after.items():
        if name == "model_prediction_value_bucket":
            bound = float(dict(labels)["le"])
            grown = count - before[name, labels]
            assert grown == sum(value <= bound for value in values), bound
