# The template's. Labels are yours, in schema.py.
"""What is predicted, as counters in /metrics: each version by itself."""

from typing import Any

from ...data import outcome
from ..champion import Answered, Champion

SHARES = tuple(round(step * 0.05, 2) for step in range(1, 21))
# for numbers of any unit; the same for every version, so that two can be compared
SIZES = tuple(float(f"{digit}e{power}") for power in range(-3, 7) for digit in (1, 2, 5))
NUMBERS = (*(-size for size in reversed(SIZES)), 0.0, *SIZES)


def attach(service: Any, champion: Champion) -> None:
    """Count each answer, in each worker by itself."""
    champion.on_load.append(lambda: champion.on_answer.append(Predictions(champion).hear))


class Predictions:
    """The counters of one worker."""

    def __init__(self, champion: Champion) -> None:
        from bentoml.metrics import Counter, Histogram

        self.labels = tuple(champion.schema.LABELS)
        self.positive = outcome.positive(champion.schema)
        self.total = Counter(
            "model_predictions_total", "Rows predicted, by label", ["version", "value"]
        )
        self.value = Histogram(
            "model_prediction_value",
            "Predicted numbers; or the probability of the positive label, or of the predicted one",
            ["version"],
            buckets=SHARES if self.labels else NUMBERS,
        )

    def hear(self, answered: Answered) -> None:
        """Count the rows of one answer."""
        said = answered.part(answered.call.written)
        predicted = said[outcome.NUMBER]
        shares = [said[f"probability_{label}"] for label in self.labels]
        if self.positive:
            values = shares[self.labels.index(self.positive)]
        else:
            values = [max(row) for row in zip(*shares, strict=True)] if shares else predicted
        for label in predicted if self.labels else ():
            self.total.labels(version=answered.version, value=str(label)).inc()
        for value in values:
            self.value.labels(version=answered.version).observe(float(value))
