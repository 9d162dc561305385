# The template's. The service itself is service.py; limits of a request are in guard.py.
"""What the service is made of: no mlflow, evidently or pandera, so it starts fast."""

from .champion import Champion
from .guard import protect
from .messages import answer_model, input_model

__all__ = ["Champion", "answer_model", "input_model", "protect"]
