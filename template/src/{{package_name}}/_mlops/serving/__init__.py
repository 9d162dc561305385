# The template's. Yours is service.py, which is made of these.
"""The champion answers: over HTTP, or for a whole file."""

from .champion import Champion
from .guard import protect
from .messages import answer_model, input_model

__all__ = ["Champion", "answer_model", "input_model", "protect"]
