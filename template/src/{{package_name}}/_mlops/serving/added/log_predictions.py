# The template's. Whether it is kept, and how long, is yours, in contract.yaml: prediction_log.
"""What was asked and answered, one line of JSON a row: what monitoring and tracing read."""

import logging
import os
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import bentoml
from bentoml import server_context
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...config import load_contract
from ...data import prediction_log, tables
from ...errors import Problem
from ...files import end_line, whole_file
from ..champion import Answered, Champion
from ..log_file import LogFile

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
    class: HANDLER
    filename: '{data_filename}'
    formatter: json
    when: midnight
    utc: true
    delay: true
    backupCount: DAYS
  schema:
    class: logging.handlers.RotatingFileHandler
    filename: '{schema_filename}'
    formatter: json
    maxBytes: 1000000
    backupCount: 1
    delay: true
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
                await anyio.to_thread.run_sync(
                    self.written.write, call, answer, limiter=self.written.in_turn
                )


class PredictionLog:
    """One worker's log; closed until `open`, and for ever when the contract says so."""

    def __init__(self, champion: Champion) -> None:
        self.champion = champion
        self.columns: dict[str, str] = {}
        labels = champion.schema.LABELS
        self.predicted = ["prediction", *(f"probability_{label}" for label in labels)]
        self.in_turn = anyio.CapacityLimiter(1)  # lines stand in the order of the answers
        self.one_at_a_time = threading.Lock()
        self.head = ""  # what the next line names as the one before it; known at the first
        self.days = 0  # that are kept
        self.configured = False
        self.lost = 0  # calls, since one was written down

    def open(self) -> None:
        """Read the contract, and note the columns to write; personal ones are not among them."""
        try:
            settings = load_contract(self.champion.root() / "contract.yaml").prediction_log
        except Problem as problem:
            log.error("no prediction is logged: %s", problem)
            return
        if not settings.enabled:
            return
        # BentoML says once for each value of the first batch that it knows the column already
        logging.getLogger("bentoml._internal.monitoring.base").setLevel(logging.ERROR)
        numeric = ("integer", "number")
        self.columns = {
            column.name: "numerical" if column.kind in numeric else "categorical"
            for column in tables.known_columns(self.champion.schema)
            if not column.personal
        }
        self.days = settings.retention_days
        lost_counter()  # from the start: a count that appears with the first loss shows no rise
        try:
            self.configure()
        except Problem as problem:
            log.error("no prediction is logged: %s", problem)

    def configure(self) -> None:
        """Write from what BentoML configures the log; `OutsideFailed` when that cannot be."""
        handler = f"{LogFile.__module__}.{LogFile.__name__}"
        with whole_file(self.config()) as part:
            text = LOGGING.replace("DAYS", str(self.days)).replace("HANDLER", handler)
            part.write_text(text, encoding="utf-8")
        self.configured = True

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
        with self.one_at_a_time:
            try:
                columns = self.lines(call, answered, moment)
                with self.monitor() as monitor:
                    for name, kind, role, values in [*columns, *self.chained(columns)]:
                        monitor.log_batch(values, name, role, kind)
            except Exception as error:  # whatever happens to the log, the service answers
                self.lose(error)
            else:
                self.find()

    def lose(self, error: Exception) -> None:
        """Count a call that is not in the log; say so at the first."""
        self.head = ""  # the next line follows the last that is there
        self.lost += 1
        lost_counter().inc()
        if self.lost == 1:
            known = isinstance(error, OSError | Problem)
            log.error("calls are answered, but not logged: %s", error, exc_info=not known)

    def find(self) -> None:
        """Say that calls are written down again, when they were not."""
        if self.lost:
            log.warning("calls are logged again; %d are not in the log", self.lost)
        self.lost = 0

    def monitor(self) -> Any:
        """Return BentoML's monitor for one record."""
        if not self.configured:
            self.configure()
        options = {"log_path": str(self.folder()), "log_config_file": str(self.config())}
        return bentoml.monitor(NAME, monitor_options=options)

    def chained(self, columns: list[Column]) -> list[Column]:
        """Return the columns by which each line covers itself and the one before it."""
        name, worker = f"data.{server_context.worker_index or 0}.log", self.folder() / NAME
        if not self.head:
            self.head = prediction_log.head(worker / "data" / name)
            end_line(worker / "data" / name)
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


@cache
def lost_counter() -> Any:
    """Return the counter of calls that were answered and not written down."""
    from bentoml.metrics import Counter

    return Counter("prediction_log_lost_total", "Calls that could not be logged", [])
