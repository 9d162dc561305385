"""The HTTP service that consumers call: `POST /predict`."""

from typing import Any

import bentoml

from . import features, schema
from ._mlops import serving

champion = serving.Champion(schema, features)


@bentoml.service(traffic={"timeout": 10})
class Service:
    """Predicts from what is known at the prediction moment."""

    def __init__(self) -> None:
        champion.load()

    def __is_ready__(self) -> bool:
        return champion.ready

    @bentoml.api(
        input_spec=serving.input_model(schema, champion.example()),
        output_spec=serving.answer_model(schema),
    )
    def predict(self, ctx: bentoml.Context, rows: list[Any]) -> Any:
        """Predict each row, in order."""
        return champion.answer(
            [row.model_dump() for row in rows], ctx.request.headers["x-request-id"]
        )


serving.protect(Service, champion)
