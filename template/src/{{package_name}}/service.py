"""The HTTP service that consumers call: `POST /predict`."""

from typing import Any

import bentoml

from . import features, schema
from ._mlops import PROJECT, serving

champion = serving.Champion(schema, features)
Input = serving.input_model(schema, champion.example(), champion.unread())
Answer = serving.answer_model(schema)


@bentoml.service(name=PROJECT, traffic={"timeout": 10})
class Service:
    """Predicts from what is known at the prediction moment."""

    def __init__(self) -> None:
        champion.load()

    def __is_ready__(self) -> bool:
        return champion.ready

    @bentoml.api(input_spec=Input, output_spec=Answer)
    def predict(self, ctx: bentoml.Context, rows: list[Any]) -> Any:
        """Predict each row, in order."""
        given = [row.model_dump() for row in rows]
        return Answer(**champion.answer(given, ctx.request.headers["x-request-id"]))


serving.protect(Service, champion)
