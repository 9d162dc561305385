# The template's. Yours is service.py, which is made of these.
"""What the service is made of: no mlflow, evidently or pandera, so it starts fast."""

from .champion import Champion
from .guard import protect
from .messages import answer_model, input_model

__all__ = ["Champion", "answer_model", "input_model", "protect"]
