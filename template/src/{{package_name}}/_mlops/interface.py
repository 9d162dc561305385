# The template's. Your side of each promise is in schema, data, features, model and metrics.
"""What the glue asks of your files, and every key of params.yaml and contract.yaml.

This page is a public API: your files stay yours for years, the glue changes under them.
A key added here always has a default, so that files written for an older version stay valid.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

Kind = Literal["timestamp", "integer", "number", "text", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of a batch: what it means, what it may hold, and when it is known.

    Args:
        name: As the files spell it.
        kind: What its values are; timestamps are held as local times of `zone`.
        known: One of `schema.MOMENTS`: the first moment at which the value exists.
        meaning: With its unit; shown in the API's documentation.
        low: Smallest allowed number (inclusive).
        high: Largest allowed number (inclusive).
        missing: Whether a value may be absent.
        personal: Whether it says something about a person: never a feature, never logged.
        zone: Of a timestamp, such as `UTC` or `Europe/Paris`: values with an offset are converted
            to it. Without one, a value with an offset is refused.
        names: Whether its values are the names of something, such as the number of a customer:
            they are no amounts, and others in each batch.
        letters: Of a text, how many of them a request may hold at most.
    """

    name: str
    kind: Kind
    known: str
    meaning: str
    low: float | None = None
    high: float | None = None
    missing: bool = False
    personal: bool = False
    zone: str = ""
    names: bool = False
    letters: int = 200


class Schema(Protocol):
    """`schema.py`: the columns once; labels or none say whether it is a classification."""

    COLUMNS: tuple[Column, ...]
    KEY: tuple[str, ...]  # names one row for ever; labels that arrive later are joined by it
    TIME: str  # the column that orders rows in time; "" when they have none
    MOMENTS: tuple[str, ...]  # in the order in which they happen
    PREDICTION_MOMENT: str  # columns known later never reach a feature or a request
    TARGET: str  # name of what is predicted
    LABELS: tuple[str, ...]  # its values, two or more; empty when it is a number
    MISSING_TARGET: str  # what a row without a target means; such rows are dropped and counted

    def read_target(self, rows: pd.DataFrame) -> pd.Series:
        """Return the target of each row, missing where the outcome is not known."""


class OptionalSchema(Protocol):
    """What `schema.py` may say beside."""

    POSITIVE: str = ""  # the one of two labels that is to be found; by default the last
    GROUP: str = ""  # the column whose rows belong together; each batch has other groups


class Data(Protocol):
    """`data.py`: the one module of yours that reads files."""

    def read_batch(self, path: Path) -> pd.DataFrame:
        """Read one file of data/raw or data/incoming."""

    def split(self, rows: pd.DataFrame, holdout_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Cut rows into a training part and a hold-out part: a later one when rows have a time."""


class Features(Protocol):
    """`features.py`: the only place where features are made, in training and in serving."""

    def build_features(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Turn rows, as known at the prediction moment, into model inputs; same index."""


class Model(Protocol):
    """`model.py`: an unfitted scikit-learn pipeline, and the simple ones it has to beat."""

    @property
    def Params(self) -> type["Section"]:  # noqa: N802 - a class of yours, seen from outside
        """The keys of section `train` in params.yaml."""

    def build_model(self, params: Any) -> Any:
        """Return the unfitted model for these parameters."""

    def build_baselines(self) -> dict[str, Any]:
        """Return unfitted simple models by name."""


class OptionalModel(Protocol):
    """`model.py` may name types that the file of a model may hold too; a person looked at each."""

    TRUSTED: tuple[str, ...] = ()  # such as "scipy.interpolate.BSpline"; none that can run code


class Metrics(Protocol):
    """`metrics.py`: numbers by name; the contract sets its bar on one of them."""

    def score(self, y_true: pd.Series, y_pred: pd.DataFrame) -> dict[str, float]:
        """Score predictions: one probability column per label, or one column of numbers."""


class Section(BaseModel):
    """A strict group of keys: an unknown key is an error, never silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FeaturizeParams(Section):
    holdout_share: float = Field(default=0.2, gt=0, lt=1)  # latest part in time, never trained on


class EvaluateParams(Section):
    importance_repeats: int = Field(default=3, ge=1)
    importance_rows: int = Field(default=2000, ge=10)  # drawn from the hold-out
    calibration_bins: int = Field(default=10, ge=2)
    bootstrap_resamples: int = Field(default=100, ge=20, le=1000)  # for the card's intervals


class DriftRule(Section):
    """A distance and the size at which it is drift; no p-values: they shrink as rows grow."""

    method: Literal["wasserstein", "jensenshannon", "hellinger", "psi"]
    threshold: float = Field(gt=0)


class DriftParams(Section):
    """What `drift` compares, how, and when it says yes."""

    number: DriftRule = DriftRule(method="wasserstein", threshold=0.2)  # integer and number
    text: DriftRule = DriftRule(method="jensenshannon", threshold=0.2)  # text and boolean
    prediction: DriftRule = DriftRule(method="wasserstein", threshold=0.15)
    columns: dict[str, DriftRule] = {}  # by name, in place of the rule for its kind
    ignore: list[str] = []
    missing: float = Field(default=0.1, gt=0, le=1)  # change of the missing share that is drift
    share: float = Field(default=0.2, gt=0, le=1)  # of the columns, from which the batch drifted
    min_rows: int = Field(default=300, ge=2)  # with fewer values only the missing share counts
    max_rows: int = Field(default=10_000, ge=100)  # drawn from each side
    max_categories: int = Field(default=200, ge=2)  # a text with more names rows, not groups
    seed: int = 0


class Range(Section):
    """Where one key of section `train` is searched: from `low` to `high`, or among `choices`."""

    low: float | None = None
    high: float | None = None
    log: bool = False  # as many trials from 0.01 to 0.1 as from 0.1 to 1
    choices: list[bool | int | float | str | None] = []

    @model_validator(mode="after")
    def searchable(self) -> "Range":
        """Refuse what holds nothing to choose from."""
        if self.choices:
            if (self.low, self.high, self.log) != (None, None, False) or len(self.choices) < 2:
                raise PydanticCustomError("range", "expected choices, two or more, and no range")
        elif self.low is None or self.high is None:
            raise PydanticCustomError("range", "expected low and high, or choices")
        elif not self.low < self.high:
            raise PydanticCustomError("range", "expected low below high")
        elif self.log and self.low <= 0:
            raise PydanticCustomError("range", "expected low above 0, as log is true")
        return self


class TuneParams(Section):
    """What `tune` searches, and how long; without a space there is nothing to search."""

    trials: int = Field(default=30, ge=1)  # of one search, however many processes share it
    space: dict[str, Range] = {}  # by key of section `train`


class Params(Section):
    """params.yaml; section `train` is `model.Params` of yours."""

    featurize: FeaturizeParams = FeaturizeParams()
    train: dict[str, Any] = {}
    tune: TuneParams = TuneParams()
    evaluate: EvaluateParams = EvaluateParams()
    drift: DriftParams = DriftParams()


class Owner(Section):
    name: str = "Data Science Team"
    email: str = "data-science@example.com"


class Owners(Section):
    """Who answers for what; one person may hold all three roles."""

    model: Owner = Owner()
    data: Owner = Owner()
    service: Owner = Owner()


class Service(Section):
    consumer: str = "not agreed yet"
    latency_p95_ms: float = Field(default=100, gt=0)
    availability: float = Field(default=0.995, gt=0, lt=1)
    model_mb: float = Field(default=100, gt=0)  # size of the model's file
    memory_mb: float = Field(default=1500, gt=0)  # of the running service, all its processes


class Quality(Section):
    """One metric of metrics.py with its three bars."""

    metric: str
    better: Literal["higher", "lower"] = "higher"
    accept: float  # a candidate worse than this is not good enough
    retrain: float  # a champion worse than this is trained again
    withdraw: float  # a champion worse than this does more harm than good
    minimal_change: float = Field(default=0.0, ge=0)  # a new model must beat the old one by this
    calibration: float = Field(default=0.2, gt=0)  # largest gap between expected and observed


class Slices(Section):
    """Groups of rows on which the model is judged by itself."""

    columns: list[str] = []
    accept: float | None = None  # bar of the quality metric on every slice
    min_rows: int = Field(default=200, ge=1)  # smaller groups are too noisy to judge


class PredictionLog(Section):
    """What the service writes down about each answer; personal columns never."""

    enabled: bool = True
    retention_days: int = Field(default=90, ge=1)


Days = Annotated[int, Field(ge=1, le=36_500, strict=True)]


class Retention(Section):
    """After how many days `scheduled-monitor` removes a thing; without a number it stays."""

    windows_days: Days | None = None  # what `monitor` found: lines of monitoring/windows.jsonl
    reports_days: Days | None = None  # files of reports/ that nothing made anew
    build_days: Days | None = None  # files of build/: replayed years, replaced data, packages


class Monitoring(Section):
    """When the champion is looked at, and when that becomes an alarm."""

    window_days: float = Field(default=7, gt=0)  # of the prediction log, looked at together
    min_rows: int = Field(default=300, ge=1)  # with fewer there is no verdict on drift
    min_labels: int = Field(default=200, ge=1)  # with fewer there is no verdict on quality
    windows: int = Field(default=3, ge=1)  # the latest ones that count
    alarms: int = Field(default=2, ge=1)  # of them, from which a finding is an alarm
    max_age_days: float = Field(default=120, gt=0)  # from the newest training row to now's
    on_withdraw: Literal["propose", "act"] = "propose"
    fallback: Literal["unavailable", "previous"] = "unavailable"  # 503, or the champion before


class Retraining(Section):
    """What starts the pipeline besides a person."""

    every_days: float = Field(default=30, gt=0)
    on_new_data: bool = False  # whatever it holds; a shifted batch is a reason in any case
    on_monitor: bool = True


class Rollout(Section):
    """How a challenger takes over the traffic step by step, and what stops it."""

    shadow: bool = True  # first it answers a copy of the traffic; nobody sees these answers
    steps: list[int] = [1, 20, 50, 100]  # per cent of the callers, growing to 100
    wait_seconds: float = Field(default=300, gt=0)  # a step lasts at least so long
    patience_seconds: float = Field(
        default=3600, gt=0, validate_default=True
    )  # then a step is held
    min_requests: int = Field(default=200, ge=1)  # to the candidate, in each step
    max_error_rate: float = Field(default=0.01, ge=0, lt=1)  # of the candidate's answers
    min_agreement: float = Field(default=0.7, ge=0, le=1)  # share of rows answered alike
    max_shift: float = Field(default=0.15, gt=0, le=1)  # distance of the distributions of answers
    autonomy: Literal["propose", "act"] = "propose"  # act: it starts without a person's word

    @field_validator("steps")
    @classmethod
    def possible(cls, steps: list[int]) -> list[int]:
        """Refuse steps on which no rollout can end well."""
        if steps[-1:] != [100] or steps[0] < 1 or steps != sorted(set(steps)):
            raise PydanticCustomError("steps", "expected whole numbers from 1, growing to 100")
        return steps

    @field_validator("patience_seconds")
    @classmethod
    def patient(cls, seconds: float, others: ValidationInfo) -> float:
        """Refuse a step that is given up before it may end."""
        if seconds < others.data.get("wait_seconds", 0):
            raise PydanticCustomError("patience", "expected at least rollout.wait_seconds")
        return seconds


class BurnRate(Section):
    """Alarm when the error budget burns faster than `factor` in both windows."""

    long: str
    short: str
    factor: float = Field(gt=0)
    severity: Literal["page", "ticket"]


class Alerting(Section):
    """When the promise of availability and latency is in danger."""

    period_days: int = Field(default=30, ge=1)  # over which the promise is kept
    min_requests: int = Field(default=30, ge=1)  # in the long window, for its share to count
    burn_rates: list[BurnRate] = [
        BurnRate(long="1h", short="5m", factor=14.4, severity="page"),
        BurnRate(long="6h", short="30m", factor=6, severity="page"),
        BurnRate(long="3d", short="6h", factor=1, severity="ticket"),
    ]


class Delivery(Section):
    """What a version shows before it is delivered."""

    throughput_rps: float = Field(default=20, gt=0)  # requests of one row that are answered
    load_seconds: float = Field(default=20, gt=0)  # how long the load test lasts


class Proxy(Section):
    """What the proxy of level 2 takes of one address; far above the promised load by default."""

    requests_per_second: float | None = Field(default=None, ge=1)  # default: 50 times the promised
    connections: int = Field(default=200, ge=1)  # with a request on its way
    body_mb: float = Field(default=2, gt=0)  # of one request; the service takes 2 MB at most
    slow_seconds: float = Field(default=10, ge=1)  # between two pieces of a request, or an answer


class PersonalData(Section):
    """Which names of columns say personal data."""

    deny: list[str] = ["name", "email", "phone", "address", "passport", "birth", "ssn"]
    allow: list[str] = []  # columns with such a word in their name that tell of no person

    def denied(self, name: str) -> set[str]:
        """Return the words by which a column's name says personal data."""
        words = set(re.split(r"[^a-z]+", name.lower()))
        return set() if name in self.allow else words & set(self.deny)


class Advisories(Section):
    """Which known flaws of packages somebody looked at and accepts."""

    accepted: dict[str, str] = {}  # an advisory's id, or a package that nobody can check: why


class Readiness(Section):
    """How long a proof counts."""

    max_age_days: float = Field(default=90, gt=0)
    features_ms: float | None = Field(default=None, gt=0)  # for one row; default: half the latency
    coverage: float = Field(default=0.9, gt=0, le=1)  # share of features.py that tests run
    group_gap: float = Field(default=0.25, gt=0)  # best to worst slice, as a share of the metric


class Prices(Section):
    """What an hour of each costs."""

    wall_hour: float = Field(default=0.0, ge=0)  # of the machine as a whole
    cpu_hour: float = Field(default=0.04, ge=0)  # of one core
    memory_gb_hour: float = Field(default=0.005, ge=0)


class Budget(Section):
    currency: str = "USD"
    per_training_run: float = Field(default=1.0, ge=0)
    per_month: float | None = Field(default=None, ge=0)
    prices: Prices = Prices()


class Contract(Section):
    """contract.yaml: what production-ready means here, and with whom it was agreed."""

    purpose: str = ""
    service: Service = Service()
    owners: Owners = Owners()
    quality: Quality
    slices: Slices = Slices()
    prediction_log: PredictionLog = PredictionLog()
    retention: Retention = Retention()
    monitoring: Monitoring = Monitoring()
    retraining: Retraining = Retraining()
    rollout: Rollout = Rollout()
    alerting: Alerting = Alerting()
    delivery: Delivery = Delivery()
    proxy: Proxy = Proxy()
    personal_data: PersonalData = PersonalData()
    budget: Budget = Budget()
    readiness: Readiness = Readiness()
    advisories: Advisories = Advisories()
