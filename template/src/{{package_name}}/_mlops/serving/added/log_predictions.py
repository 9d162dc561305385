# The template's. Whether it is kept, and how long, is yours, in contract.yaml: prediction_log.
"""What was asked and answered, one line of JSON a row: what monitoring and tracing read."""

import logging
import os
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import bentoml
from bentoml import server_context
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...config import load_contract
from ...data import prediction_log, tables
from ...errors import Problem
from ..champion import Answered, Champion

NAME = "predictions"
FOLDER = "PREDICTION_LOG"
# BentoML's own format; days are rotated, and old ones go
LOGGING = """\
version: 1
disable_existing_loggers: false
loggers:
  bentoml_monitor_data:
    level: INFO
    handlers: [data]
    propagate: false
  bentoml_monitor_schema:
    level: INFO
    handlers: [schema]
    propagate: false
handlers:
  data:
    class: logging.handlers.TimedRotatingFileHandler
    filename: '{data_filename}'
    formatter: json
    when: midnight
    utc: true
    backupCount: DAYS
  schema:
    class: logging.handlers.RotatingFileHandler
    filename: '{schema_filename}'
    formatter: json
    maxBytes: 1000000
    backupCount: 1
formatters:
  json:
    class: pythonjsonlogger.json.JsonFormatter
    format: "()"
    validate: false
"""
heard: ContextVar[list[Answered] | None] = ContextVar("heard", default=None)
log = logging.getLogger("bentoml.predictions")
Column = tuple[str, str, str, list[Any]]  # name, kind, role and values


def attach(service: Any, champion: Champion) -> None:
    """Write down each call of the service, unless the contract says not to."""
    written = PredictionLog(champion)
    champion.on_load.append(written.open)
    champion.on_answer.append(hear)
    service.add_asgi_middleware(Calls, written=written)


def hear(answered: Answered) -> None:
    """Keep what was answered until the call is over, and its status and time are known."""
    calls = heard.get()
    if calls is not None:
        calls.append(answered)


class Calls:
    """ASGI middleware: notes status and time of each call, and has it written down."""

    def __init__(self, app: ASGIApp, written: "PredictionLog") -> None:
        self.app = app
        self.written = written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on; once it is answered, write it down."""
        if scope["type"] != "http" or scope["method"] != "POST" or not self.written.columns:
            await self.app(scope, receive, send)
            return
        answers: list[Answered] = []
        heard.set(answers)
        call: dict[str, Any] = {"status": 500, "id": ""}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                call.update(status=message["status"], id=headers.get(b"x-request-id", b"").decode())
            await send(message)

        begin = time.perf_counter()
        try:
            await self.app(scope, receive, noting)
        finally:
            call["ms"] = round((time.perf_counter() - begin) * 1000, 3)
            answer = answers[0] if answers and call["status"] < 400 else None
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self.written.write, call, answer)


class PredictionLog:
    """One worker's log; closed until `open`, and for ever when the contract says so."""

    def __init__(self, champion: Champion) -> None:
        self.champion = champion
        self.columns: dict[str, str] = {}
        labels = champion.schema.LABELS
        self.predicted = ["prediction", *(f"probability_{label}" for label in labels)]
        self.one_at_a_time = threading.Lock()
        self.head = ""  # what the next line names as the one before it; known at the first

    def open(self) -> None:
        """Read the contract, and note the columns to write; personal ones are not among them."""
        try:
            settings = load_contract(self.champion.root() / "contract.yaml").prediction_log
            if not settings.enabled:
                return
            self.folder().mkdir(parents=True, exist_ok=True)
            self.config().write_text(LOGGING.replace("DAYS", str(settings.retention_days)), "utf-8")
        except (Problem, OSError) as error:
            log.error("no prediction is logged: %s", error)
            return
        # BentoML says once for each value of the first batch that it knows the column already
        logging.getLogger("bentoml._internal.monitoring.base").setLevel(logging.ERROR)
        numeric = ("integer", "number")
        self.columns = {
            column.name: "numerical" if column.kind in numeric else "categorical"
            for column in tables.known_columns(self.champion.schema)
            if not column.personal
        }

    def folder(self) -> Path:
        """Return where this server writes: two servers never write to one file."""
        server = Path(os.environ.get("BENTOML_HOME", "bentoml")).name
        root = os.environ.get(FOLDER) or self.champion.root() / "monitoring" / "predictions"
        return Path(root) / server

    def config(self) -> Path:
        """Return the file from which BentoML configures the log."""
        return self.folder() / "logging.yaml"

    def write(self, call: dict[str, Any], answered: Answered | None) -> None:
        """Write one line for each row; a call without an answer is one line without a row."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            columns = self.lines(call, answered, moment)
            with self.one_at_a_time, self.monitor() as monitor:
                for name, kind, role, values in [*columns, *self.chained(columns)]:
                    monitor.log_batch(values, name, role, kind)
        except Exception:  # whatever happens to the log, the service answers
            log.exception("a call was not logged")

    def monitor(self) -> Any:
        """Return BentoML's monitor for one record."""
        options = {"log_path": str(self.folder()), "log_config_file": str(self.config())}
        return bentoml.monitor(NAME, monitor_options=options)

    def chained(self, columns: list[Column]) -> list[Column]:
        """Return the columns by which each line covers itself and the one before it."""
        name, worker = f"data.{server_context.worker_index or 0}.log", self.folder() / NAME
        if not self.head:
            self.head = prediction_log.head(worker / "data" / name)
            prediction_log.end_line(worker / "data" / name)
        before, own = [], []
        for row in zip(*(values for *_, values in columns), strict=True):
            before.append(self.head)
            line = dict(zip((one[0] for one in columns), row, strict=True))
            self.head = prediction_log.hash_of({**line, prediction_log.BEFORE: self.head})
            own.append(self.head)
        added = ((prediction_log.BEFORE, before), (prediction_log.HASH, own))
        return [(title, "categorical", "feature", values) for title, values in added]

    def lines(self, call: dict[str, Any], answered: Answered | None, moment: str) -> list[Column]:
        """Return name, kind, role and values of each column of the log."""
        given = answered.part(answered.call.given) if answered else {}
        predicted = answered.part(answered.call.written) if answered else {}
        count = len(predicted["prediction"]) if answered else 1
        facts = {
            "call.id": [call["id"]] * count,
            "call.time": [moment] * count,
            "call.version": [answered.version if answered else self.champion.version] * count,
            "call.status": [call["status"]] * count,
            "call.ms": [call["ms"]] * count,
            "call.row": list(range(count)) if answered else [None],
        }
        columns = [(name, "categorical", "feature", values) for name, values in facts.items()]
        for name, kind in self.columns.items():
            title = prediction_log.logged_as(name)
            columns.append((title, kind, "feature", given.get(name, [None])))
        for name in self.predicted:
            columns.append((name, "categorical", "prediction", predicted.get(name, [None])))
        return columns
