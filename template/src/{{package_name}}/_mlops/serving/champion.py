# The template's. Yours are schema.py and features.py, which it calls.
"""The model that is served: found by its pointer, verified, loaded once."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import ThreadpoolController

from ..data import outcome, tables
from ..errors import Problem, Refused, WrongInput
from ..files import read_json
from ..interface import Features, Schema
from ..tracking import artifact
from ..tracking.artifact import FIRST_CHAMPION, POINTER

KNOWN_CHAMPION = "uv run --frozen python -m dvc pull brings back the champion that git knows"


@dataclass(frozen=True)
class Served:
    """One loaded model; a request sees one of these from beginning to end.

    Args:
        model: As it was fitted.
        version: In the registry.
        pointer: What named it.
        threads: Of the libraries that are loaded with it.
    """

    model: Any
    version: str
    pointer: dict[str, Any]
    threads: ThreadpoolController


@dataclass(frozen=True)
class Answered:
    """Rows and what was predicted for them, for those who listen."""

    rows: pd.DataFrame
    y_pred: pd.DataFrame
    version: str
    request_id: str


class Champion:
    """The champion beside this code, or the reason why there is none.

    Args:
        schema: Your module schema.
        features: Your module features.
    """

    def __init__(self, schema: Schema, features: Features) -> None:
        self.schema = schema
        self.features = features
        self.served: Served | None = None
        self.problem: Problem | None = WrongInput("the model is not loaded yet", "wait a moment")
        # what a level adds to the service: called after the first load, and after each answer
        self.on_load: list[Callable[[], None]] = []
        self.on_answer: list[Callable[[Answered], None]] = []

    @property
    def ready(self) -> bool:
        """Say whether requests can be answered."""
        return self.problem is None

    @property
    def version(self) -> str:
        """Return the version that is served; empty when there is none."""
        return self.served.version if self.served else ""

    def load(self) -> None:
        """Load the champion; a problem is kept, for the service to say what is wrong."""
        try:
            self.load_or_raise()
        except Problem as problem:
            self.problem = problem
        for started in self.on_load:
            started()

    def load_or_raise(self) -> None:
        """Load the champion that the pointer names, and take it into service in one step.

        Raises:
            WrongInput: If there is no champion yet, or a file is missing or damaged.
            Refused: If it was withdrawn, or bytes or feature code are not the champion's.
        """
        folder = self.folder()
        if not (folder / POINTER).is_file():
            message = f"there is no champion in {folder}"
            shared = folder.with_suffix(".dvc").is_file()
            raise WrongInput(message, KNOWN_CHAMPION if shared else FIRST_CHAMPION)
        pointer = read_json(folder / POINTER)
        if reason := pointer.get("withdrawn"):
            message = f"version {pointer['version']} was withdrawn: {reason}"
            raise Refused(message, "promote a version that does better")
        found = artifact.load(folder / pointer["model_sha256"])
        require(found.manifest["model_sha256"], pointer["model_sha256"], "the model's bytes")
        code = artifact.features_sha256(Path(module_file(self.schema)).parent)
        require(code, found.manifest["features_sha256"], "schema.py and features.py")
        served = Served(found.model, pointer["version"], pointer, ThreadpoolController())
        self.served, self.problem = served, None

    def example(self) -> dict[str, Any]:
        """Return one row to show on the API's page; empty before the first champion."""
        return dict(self.data().get("example", {}))

    def unread(self) -> list[str]:
        """Return the columns that no feature reads: a request need not carry them."""
        return list(self.data().get("unread", []))

    def data(self) -> dict[str, Any]:
        """Return what the champion's manifest says about its data; empty without a champion."""
        try:
            folder = self.folder()
            pointer = read_json(folder / POINTER)
            manifest = read_json(folder / pointer["model_sha256"] / artifact.MANIFEST)
            return dict(manifest["data"])
        except (Problem, KeyError):
            return {}

    def root(self) -> Path:
        """Return the folder that holds `src`: the repo, or a Bento's own."""
        return Path(module_file(self.schema)).parents[2]

    def folder(self) -> Path:
        """Return where champions are: beside the code, in the repo or in a Bento."""
        return Path(os.environ.get("CHAMPION_DIR") or self.root() / "models" / "champion")

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Predict typed rows: one probability column per label, or one column of numbers."""
        return self.predict_by(self.require_served(), rows)

    def predict_by(self, served: Served, rows: pd.DataFrame) -> pd.DataFrame:
        """Predict typed rows by one loaded model."""
        inputs = self.features.build_features(tables.known_rows(rows, self.schema))
        return outcome.predict(served.model, inputs, tuple(self.schema.LABELS))

    def answer(self, records: list[dict[str, Any]], request_id: str) -> dict[str, Any]:
        """Answer a request whose rows fit the schema."""
        served = self.require_served()  # looked at once: another may take its place meanwhile
        rows = tables.from_records(records, self.schema)
        with served.threads.limit(limits=1):  # for a few rows, threads wait more than they work
            y_pred = self.predict_by(served, rows)
        for hear in self.on_answer:
            hear(Answered(rows, y_pred, served.version, request_id))
        return {
            **outcome.as_answer(y_pred),
            "model_version": served.version,
            "request_id": request_id,
        }

    def require_served(self) -> Served:
        """Return the loaded model; `Problem` when there is none."""
        if self.served is None:
            raise self.problem or WrongInput("no model is loaded")
        return self.served


def require(found: str, expected: str, what: str) -> None:
    """Raise `Refused` when two hashes differ."""
    if found != expected:
        message = f"{what} have SHA-256 {found[:12]}…, the champion was made with {expected[:12]}…"
        raise Refused(message, "check out the champion's commit, or train and promote again")


def module_file(module: Any) -> str:
    """Return where a module's code lies."""
    return str(module.__file__)
