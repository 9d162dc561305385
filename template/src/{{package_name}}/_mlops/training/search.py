# The template's. Yours are build_model, the split in data.py, and the space in params.yaml.
"""Search parameters on the training part alone: what is tried, on which rows, how good it is."""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from ... import data, metrics, model, schema
from .. import engines, paths
from ..config import train_params
from ..data import dataset, own_modules, tables, validation
from ..errors import WrongInput, did_you_mean
from ..files import one_at_a_time, sha256_of
from ..interface import Contract, Params, Range
from .evaluation import require_metric
from .scoring import fit_and_predict

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

FOLDER = Path("build/tune")
WAIT_SECONDS = 60  # for another process to write its trial
Values = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """One question: which values of these keys are best on these rows?

    Args:
        params: As params.yaml holds them; the keys that are not searched keep their values.
        contract: Names the metric.
        fitted_on: Rows of the training part with their target.
        judged_on: Later or other rows of the training part; never of the hold-out.
    """

    params: Params
    contract: Contract
    fitted_on: pd.DataFrame
    judged_on: pd.DataFrame

    @property
    def space(self) -> dict[str, Range]:
        """What is searched."""
        return self.params.tune.space

    @property
    def present(self) -> Values:
        """The values in use now."""
        found = train_params(self.params, model).model_dump()
        return {name: found[name] for name in self.space}

    def score(self, values: Values) -> float:
        """Fit a model with these values, and return the contract's metric."""
        params: Any = train_params(changed(self.params, values), model)
        estimator = model.build_model(params)
        inputs, y_true = self.judged_on.drop(columns=schema.TARGET), self.judged_on[schema.TARGET]
        scores = metrics.score(y_true, fit_and_predict(estimator, self.fitted_on, inputs))
        return float(scores[require_metric(self.contract, scores)])

    def attempt(self, values: Values) -> tuple[float, str]:
        """Return the score of these values, and why it is none."""
        try:
            score = self.score(values)
        except WrongInput:
            raise
        except Exception as error:  # whatever a model of yours raises for these values
            return math.nan, f"{type(error).__name__}: {error}".splitlines()[0]
        return score, "" if math.isfinite(score) else f"the score is {score}"

    def name(self) -> str:
        """Return a name that changes with anything that makes scores incomparable."""
        package = Path(schema.__file__).parent
        made_by = own_modules.with_imported(own_modules.SEEDS, own_modules.in_folder(package))
        fixed = {k: v for k, v in self.params.train.items() if k not in self.space}
        asked = {
            "data": sha256_of(tables.batches(paths.RAW)),
            "code": [hashlib.sha256(code or b"").hexdigest() for code in made_by.values()],
            "params": [self.params.featurize.holdout_share, fixed],
            "space": {name: one.model_dump() for name, one in self.space.items()},
            "metric": [self.contract.quality.metric, self.contract.quality.better],
        }
        text = json.dumps(asked, sort_keys=True, default=str)
        return f"tune {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def require_space(params: Params) -> None:
    """Raise `WrongInput` when there is no space, or one that your `model.Params` refuses."""
    space, present = params.tune.space, train_params(params, model).model_dump()
    if not space:
        raise WrongInput(
            f"{paths.PARAMS}: tune.space is missing; nothing to search", example(present)
        )
    for name, one in space.items():
        if name not in present:
            message = (
                f"{paths.PARAMS}: tune.space names {name!r}, which section train does not know"
            )
            raise WrongInput(message, did_you_mean(name, present))
        for value in one.choices or (one.low, one.high):
            try:
                train_params(changed(params, {name: value}), model)
            except WrongInput as problem:
                reason = str(problem).partition(f".{name}: ")[2] or str(problem)
                raise WrongInput(f"{paths.PARAMS}: tune.space.{name}: {reason}") from problem


def example(present: Values) -> str:
    """Return a hint with a section to copy, about a key that this model has."""
    numbers = [n for n, v in present.items() if type(v) in (int, float) and v > 0 and n != "seed"]
    name = (numbers or ["learning_rate"])[0]
    value = present.get(name, 0.1)
    lines = ("tune:", "  space:", f"    {name}: {{low: {value}, high: {value * 4}}}")
    return "add ranges for keys of section train, such as\n" + "\n".join(lines)


def changed(params: Params, values: Values) -> Params:
    """Return the parameters with other values in section train."""
    return params.model_copy(update={"train": {**params.train, **values}})


def parts(holdout_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut the training part once more, by your own `data.split`; the hold-out is left alone.

    Returns:
        Inputs with target, to fit models on and to judge them on.
    """
    rows = dataset.read(tables.batches(paths.RAW))
    rows = rows[validation.read_target(rows).notna()]
    train, holdout = data.split(rows, holdout_share)
    dataset.require_parts(train, holdout)
    fitted_on, judged_on = data.split(train, holdout_share)
    dataset.require_parts(fitted_on, judged_on)
    return dataset.inputs_and_target(fitted_on), dataset.inputs_and_target(judged_on)


def study(search: Search) -> "Study":
    """Return the record of this search, with what was tried before, by any process."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    address = f"sqlite:///{FOLDER / 'studies.db'}"
    options = {"connect_args": {"timeout": WAIT_SECONDS}}
    higher = search.contract.quality.better == "higher"
    with one_at_a_time(FOLDER / ".lock"):  # two that make the tables at once disturb each other
        return optuna.create_study(
            storage=optuna.storages.RDBStorage(address, engine_kwargs=options),
            study_name=search.name(),
            direction="maximize" if higher else "minimize",
            load_if_exists=True,
        )


def ended(found: "Study") -> list["FrozenTrial"]:
    """Return the trials that have a score or failed; one that was killed is neither."""
    return [trial for trial in found.get_trials(deepcopy=False) if trial.state.is_finished()]


def best(found: "Study") -> "FrozenTrial | None":
    """Return the best trial, if any has a score."""
    scored = [trial for trial in ended(found) if trial.value is not None]
    return found.best_trial if scored else None


def try_next(
    found: "Study", search: Search, many: int = 1, engine: str = engines.HERE
) -> Iterator[tuple[int, Values, float | None, str]]:
    """Try more sets of values, and record them; all are chosen before the first is tried.

    Yields:
        Number, values, score, and why there is no score.
    """
    import optuna

    chosen = []
    for _ in range(many):
        trial = found.ask()
        # a seed for each trial: a search that was killed goes on as if it had not been, and two
        # processes do not try the same
        found.sampler = optuna.samplers.TPESampler(seed=trial.number)
        chosen.append((trial, suggested(trial, search.space)))
    tried = engines.spread(engine, search.attempt, [values for _, values in chosen])
    for (trial, values), (score, reason) in zip(chosen, tried, strict=True):
        if reason:
            found.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            found.tell(trial, score)
        yield trial.number, values, None if reason else score, reason


def suggested(trial: "Trial", space: dict[str, Range]) -> Values:
    """Let the sampler choose a value for each key."""
    for name, one in space.items():
        if one.choices:
            trial.suggest_categorical(name, one.choices)
        elif is_whole(name):
            trial.suggest_int(name, int(one.low or 0), int(one.high or 0), log=one.log)
        else:
            trial.suggest_float(name, one.low or 0, one.high or 0, log=one.log)
    return rounded(trial.params, space)


def rounded(values: Values, space: dict[str, Range]) -> Values:
    """Return values as a person would write them: four digits, and inside their range."""

    def short(name: str, value: Any) -> Any:
        one = space[name]
        if not isinstance(value, float) or one.low is None or one.high is None:
            return value
        return min(max(float(f"{value:.4g}"), one.low), one.high)

    return {name: short(name, value) for name, value in values.items()}


def is_whole(name: str) -> bool:
    """Say whether a key of your `model.Params` holds whole numbers."""
    kind = model.Params.model_fields[name].annotation
    kinds = get_args(kind) or (kind,)
    return int in kinds and float not in kinds
