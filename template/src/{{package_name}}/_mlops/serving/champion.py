# The template's. Yours are schema.py and features.py, which it calls.
"""The model that is served: found by its pointer, verified, loaded once."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import ThreadpoolController

from ..data import batch_files, outcome, tables
from ..data.records import gaps
from ..data.records import read as read_records
from ..errors import Problem, Refused, WrongInput, place_of
from ..files import read_json
from ..interface import Features, Schema
from ..tracking import artifact
from ..tracking.artifact import FIRST_CHAMPION, POINTER
from .batching import Batcher

WARM_UP = 5  # predictions before the service is ready: the first takes ten times as long
KNOWN_CHAMPION = "uv run --frozen python -m dvc pull brings back the champion that git knows"
log = logging.getLogger("bentoml.champion")


@dataclass(frozen=True)
class Served:
    """One loaded model; a request sees one of these from beginning to end.

    Args:
        model: As it was fitted, or with a short way to the same answers.
        version: In the registry.
        pointer: What named it.
        threads: Of the libraries that are loaded with it.
    """

    model: Any
    version: str
    pointer: dict[str, Any]
    threads: ThreadpoolController


@dataclass(frozen=True)
class Predicted:
    """What one call predicted: the rows of a request, or of several that waited together."""

    rows: pd.DataFrame
    y_pred: pd.DataFrame
    version: str

    @cached_property
    def answer(self) -> dict[str, list[Any]]:
        """Return what the service answers."""
        return outcome.as_answer(self.y_pred)

    @cached_property
    def given(self) -> dict[str, list[Any]]:
        """Return the columns of the rows as JSON holds them."""
        return tables.as_lists(self.rows)

    @cached_property
    def written(self) -> dict[str, list[Any]]:
        """Return the columns that `predict` writes."""
        return outcome.as_written(self.answer)


@dataclass(frozen=True)
class Answered:
    """What was predicted for the rows of one request, for those who listen.

    Args:
        call: What predicted them, and perhaps others.
        place: Where its rows are among them.
        request_id: Of the request.
    """

    call: Predicted
    place: slice
    request_id: str

    @property
    def version(self) -> str:
        """Return the version that answered."""
        return self.call.version

    @property
    def rows(self) -> pd.DataFrame:
        """Return the rows, with the schema's types."""
        return self.call.rows.iloc[self.place].reset_index(drop=True)

    @property
    def y_pred(self) -> pd.DataFrame:
        """Return what was predicted for them, same index."""
        return self.call.y_pred.iloc[self.place].reset_index(drop=True)

    def part(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Return of columns of the call what belongs to this request."""
        return {name: values[self.place] for name, values in columns.items()}


class Champion:
    """The champion beside this code, or the reason why there is none.

    Args:
        schema: Your module schema.
        features: Your module features.
    """

    def __init__(self, schema: Schema, features: Features) -> None:
        self.schema = schema
        self.features = features
        self.columns = tables.known_columns(schema)
        self.batcher = Batcher(self.predict_records)
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
            self.load_or_raise(warm_up=WARM_UP)
        except Problem as problem:
            self.problem = problem
        for started in self.on_load:
            started()

    def load_or_raise(self, warm_up: int = 0) -> None:
        """Load the champion that the pointer names, and take it into service in one step.

        Args:
            warm_up: How often a service lets it predict its example before that, by a short way
                to its answers; never for files, whose rows are many.

        Raises:
            WrongInput: If there is no champion yet, or a file is missing or damaged.
            Refused: If it was withdrawn, or bytes or feature code are not the champion's.
        """
        folder = self.folder()
        if not (folder / POINTER).is_file():
            message = f"there is no champion in {folder}"
            shared = folder.with_suffix(".dvc").is_file()
            raise WrongInput(message, KNOWN_CHAMPION if shared else FIRST_CHAMPION)
        pointer, found = artifact.of_champion(folder, lambda pointer: named(folder, pointer))
        package = Path(module_file(self.schema)).parent
        if not batch_files.makes_features_of(found.manifest["features_sha256"], package):
            message = f"version {pointer['version']} was made with other code than this"
            message = f"{message}: schema.py and features.py, or what these import, are unlike it"
            raise Refused(message, "check out the champion's commit, or train and promote again")
        example = found.manifest["data"].get("example")
        warms = bool(warm_up and example)
        model = self.shortened(found.model, example) if warms else found.model
        served = Served(model, pointer["version"], pointer, ThreadpoolController())
        if warms:
            self.warm(served, [example] * warm_up)
        self.served, self.problem = served, None

    def shortened(self, model: Any, example: dict[str, Any]) -> Any:
        """Return the model as it answers a few rows soonest."""
        from . import short_way  # with scikit-learn: a service reads its own code before that

        bare = {column.name: None for column in self.columns if column.missing}
        samples = []
        for records in ([example], [example | bare, example]):
            try:
                rows = read_records(records, self.columns)
                samples.append(self.features.build_features(rows))
            except (Exception, SystemExit):  # of these rows: each request will say so
                continue
        method = "predict_proba" if self.schema.LABELS else "predict"
        return short_way.of(model, method, samples) if samples else model

    def warm(self, served: Served, examples: list[dict[str, Any]]) -> None:
        """Let a model predict: the first times of a process are slower than it is."""
        try:
            for example in examples:
                self.predict_records([example], served)
        except Exception:  # each request will say so
            log.warning("version %s does not predict its example", served.version, exc_info=True)

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
            pointer = artifact.read_pointer(folder)
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
        return self.predict_by(self.require_served(), tables.known_rows(rows, self.schema))

    def predict_by(self, served: Served, rows: pd.DataFrame) -> pd.DataFrame:
        """Predict typed rows, as known at the prediction moment, by one loaded model."""
        inputs = self.features.build_features(rows)
        return outcome.predict(served.model, inputs, tuple(self.schema.LABELS))

    def predict_records(
        self, records: list[dict[str, Any]], served: Served | None = None
    ) -> Predicted:
        """Predict the rows of requests, which fit the schema, by default by what is served."""
        served = served or self.require_served()  # once: another may take its place meanwhile
        rows = read_records(records, self.columns)
        with served.threads.limit(limits=1):  # for a few rows, threads wait more than they work
            try:
                y_pred = self.predict_by(served, rows)
            except SystemExit as error:  # of one request, and not of the service
                raise RuntimeError(f"{place_of(error) or 'a model'} ends the process") from error
        return Predicted(rows, y_pred, served.version)

    def answer(self, records: list[dict[str, Any]], request_id: str) -> dict[str, Any]:
        """Answer a request whose rows fit the schema, together with those that wait beside it."""
        call, place = self.batcher.ask(records, gaps(records, self.columns))
        answered = Answered(call, place, request_id)
        for hear in self.on_answer:
            hear(answered)
        return {
            **answered.part(call.answer),
            "model_version": call.version,
            "request_id": request_id,
        }

    def require_served(self) -> Served:
        """Return the loaded model; `Problem` when there is none."""
        if self.served is None:
            raise self.problem or WrongInput("no model is loaded")
        return self.served


def named(folder: Path, pointer: dict[str, Any]) -> tuple[dict[str, Any], artifact.Artifact]:
    """Return a pointer and the model that it names; `Refused` when that was withdrawn."""
    if reason := pointer.get("withdrawn"):
        message = f"version {pointer['version']} was withdrawn: {reason}"
        raise Refused(message, "promote a version that does better")
    return pointer, artifact.load_named(folder, pointer)


def module_file(module: Any) -> str:
    """Return where a module's code lies."""
    return str(module.__file__)
