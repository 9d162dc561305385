# The template's. Yours are schema.py and features.py, which it calls.
"""The model that is served: found by its pointer, verified, loaded once."""

import os
from pathlib import Path
from typing import Any

import pandas as pd

from .. import artifact, outcome, tables
from ..errors import Problem, Refused, WrongInput
from ..files import read_json
from ..seam import Features, Schema

POINTER = "pointer.json"
FIRST_CHAMPION = "uv run just repro && uv run just register && uv run just promote"


class Champion:
    """The champion beside this code, or the reason why there is none.

    Args:
        schema: Your module schema.
        features: Your module features.
    """

    def __init__(self, schema: Schema, features: Features) -> None:
        self.schema = schema
        self.features = features
        self.version = ""
        self.problem: Problem | None = WrongInput("the model is not loaded yet", "wait a moment")
        self._model: Any = None

    @property
    def ready(self) -> bool:
        """Say whether requests can be answered."""
        return self.problem is None

    def load(self) -> None:
        """Load the champion; a problem is kept, for the service to say what is wrong."""
        try:
            self.load_or_raise()
        except Problem as problem:
            self.problem = problem

    def load_or_raise(self) -> None:
        """Load the champion that the pointer names.

        Raises:
            WrongInput: If there is no champion yet, or a file is missing or damaged.
            Refused: If the bytes or the feature code are not those of the champion.
        """
        folder = self.folder()
        if not (folder / POINTER).is_file():
            message = f"there is no champion in {folder}"
            raise WrongInput(message, FIRST_CHAMPION)
        pointer = read_json(folder / POINTER)
        found = artifact.load(folder / pointer["model_sha256"])
        require(found.manifest["model_sha256"], pointer["model_sha256"], "the model's bytes")
        code = artifact.features_sha256(Path(module_file(self.schema)).parent)
        require(code, found.manifest["features_sha256"], "schema.py and features.py")
        self._model, self.version, self.problem = found.model, pointer["version"], None

    def example(self) -> dict[str, Any]:
        """Return one row to show on the API's page; empty before the first champion."""
        try:
            folder = self.folder()
            pointer = read_json(folder / POINTER)
            manifest = read_json(folder / pointer["model_sha256"] / artifact.MANIFEST)
            return dict(manifest["data"]["example"])
        except (Problem, KeyError):
            return {}

    def folder(self) -> Path:
        """Return where champions are: beside the code, in the repo or in a Bento."""
        beside_code = Path(module_file(self.schema)).parents[2] / "models" / "champion"
        return Path(os.environ.get("CHAMPION_DIR") or beside_code)

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Predict typed rows: one probability column per label, or one column of numbers."""
        inputs = self.features.build_features(tables.known_rows(rows, self.schema))
        return outcome.predict(self._model, inputs, tuple(self.schema.LABELS))

    def answer(self, rows: list[dict[str, Any]], request_id: str) -> dict[str, Any]:
        """Answer a request whose rows fit the schema."""
        y_pred = self.predict(tables.from_records(rows, self.schema))
        return {
            **outcome.as_answer(y_pred),
            "model_version": self.version,
            "request_id": request_id,
        }


def require(found: str, expected: str, what: str) -> None:
    """Raise `Refused` when two hashes differ."""
    if found != expected:
        message = f"{what} have SHA-256 {found[:12]}…, the champion was made with {expected[:12]}…"
        raise Refused(message, "check out the champion's commit, or train and promote again")


def module_file(module: Any) -> str:
    """Return where a module's code lies."""
    return str(module.__file__)
