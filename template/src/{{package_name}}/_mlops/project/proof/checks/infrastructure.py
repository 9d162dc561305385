# The template's. Checks of yours go into a file of their own beside it.
"""I1 to I7: does the same come out again, does a bad model stay out, and is there a way back?"""

import importlib
import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from ..... import metrics, model, schema
from .... import PROJECT, paths
from ....data import outcome
from ....interface import Contract
from ....registry import trace, versions
from ....tracking import artifact
from ..rubric import Experiment, Found, Recorded
from ..tryout import Trial

GATE = "....registry.gate_checks"
END_TO_END = paths.REPORTS / "end-to-end.json"
SOME = 200  # rows


class Reproducible(Experiment):
    id = "I1"
    title = "Training twice gives the same model"
    barriers = (3,)
    level = 0
    proof = "two models from the same rows and parameters, other random states: same answers"
    rests_on = ("code", "params", "sample", "lock", "glue")
    to_do = "give every random_state in model.py the seed of params.yaml"

    def prove(self, repo: Trial) -> Found:
        answers = []
        for seed in (1, 2):
            random.seed(seed)
            np.random.seed(seed)
            fitted = repo.unfitted().fit(repo.inputs, repo.target)
            answers.append(repo.predict(repo.labelled, fitted))
        unlike = int((answers[0] != answers[1]).any(axis="columns").sum())
        return Found(not unlike, f"{unlike:,} of {len(answers[0]):,} answers differ")


class Learns(Experiment):
    id = "I2"
    title = "The model can learn"
    barriers = (4,)
    level = 0
    proof = "fitted on few rows it answers finite numbers, and knows them better than the average"
    rests_on = ("code", "params", "sample", "glue")
    to_do = "look at build_model in model.py, and at what build_features gives it"

    def prove(self, repo: Trial) -> Found:
        inputs, target = repo.inputs.head(SOME), repo.target.head(SOME)
        if target.nunique() < 2:
            return Found(False, f"the first {len(target)} rows of the sample have one outcome")
        fitted = repo.unfitted().fit(inputs, target)
        y_pred = outcome.predict(fitted, inputs, schema.LABELS)
        if not np.isfinite(y_pred.to_numpy()).all():
            return Found(False, "it answers numbers that are not finite")
        found, guess = loss(target, y_pred), loss(target, average(target, y_pred))
        said = f"loss {found:.3f} on its own {len(target)} rows, of the average {guess:.3f}"
        return Found(found < guess, said)


def loss(target: pd.Series, y_pred: pd.DataFrame) -> float:
    """Return the logarithmic loss of probabilities, or the mean squared error of numbers."""
    if schema.LABELS:
        names = sorted(y_pred)
        return float(log_loss(target, y_pred[names].clip(1e-9, 1), labels=names))
    return float(((target - y_pred[outcome.NUMBER]) ** 2).mean())


def average(target: pd.Series, y_pred: pd.DataFrame) -> pd.DataFrame:
    """Return what somebody says who knows nothing but the shares, or the mean."""
    if not schema.LABELS:
        return pd.DataFrame({outcome.NUMBER: float(target.mean())}, index=target.index)
    shares = target.value_counts(normalize=True)
    return pd.DataFrame({label: shares.get(label, 0.0) for label in y_pred}, index=target.index)


class Whole(Recorded):
    id = "I3"
    title = "The whole pipeline runs, from data to an answer"
    barriers = (5,)
    level = 0
    proof = "repro, then demo: data, features, model, registry, service, answer"
    needs = "data"
    commands = ("repro", "demo")
    rests_on = ("code", "service", "params", "stages")
    show = "uv run just demo"
    to_do = "uv run just demo"


class BadStaysOut(Experiment):
    id = "I4"
    title = "A bad model does not pass the gate"
    barriers = (4,)
    level = 1
    proof = "a model of shuffled outcomes goes through the gate's checks, and is refused"
    sign = "the bars"
    rests_on = ("code", "params", "contract", "sample", "glue")
    to_do = "raise quality.accept in contract.yaml above what guessing reaches"

    def prove(self, repo: Trial) -> Found:
        gate = importlib.import_module(GATE, __package__)
        shuffled = repo.target.sample(frac=1, random_state=0).set_axis(repo.target.index)
        half = len(shuffled) // 2
        train, rest = repo.inputs.iloc[:half], repo.inputs.iloc[half:]
        bad = repo.unfitted().fit(train, shuffled.iloc[:half])
        y_true = repo.target.iloc[half:]

        def score(fitted: Any) -> dict[str, float]:
            return metrics.score(y_true, outcome.predict(fitted, rest, schema.LABELS))

        evaluation = {
            "metrics": score(bad),
            "baselines": {
                name: score(baseline.fit(train, repo.target.iloc[:half]))
                for name, baseline in model.build_baselines().items()
            },
        }
        seen = SimpleNamespace(contract=repo.contract, evaluation=evaluation)
        said = [one for one in (*gate.target(seen), *gate.baselines(seen)) if not one.ok]
        if not any(one.name == "target" for one in said):
            return Found(False, f"it reaches the contract's {repo.contract.quality.accept}")
        return Found(True, "; ".join(f"{one.name}: {one.reason}" for one in said[:2]))


class Debuggable(Experiment):
    id = "I5"
    title = "An answer leads back to run, commit and data"
    barriers = (6,)
    level = 1
    proof = "every claim of the champion's record is compared with what is there now"
    needs = "data"
    rests_on = ("model", "data")
    to_do = (
        "see what `trace` says; uv run --frozen python -m dvc checkout brings back what is tracked"
    )

    def prove(self, repo: Trial) -> Found:
        pointer = versions.read_pointer()
        if pointer is None:
            return Found(False, "there is no champion to trace")
        traced = versions.find(str(pointer["version"]))
        checks = trace.verify(traced, trace.read_record(traced.folder / artifact.MANIFEST))
        bad = [f"{one.name} {one.state}" for one in checks if one.wrong]
        said = f"version {traced.number}: all {len(checks)} claims hold"
        return Found(not bad, f"version {traced.number}: {', '.join(bad)}" if bad else said)


class Canaried(Recorded):
    id = "I6"
    title = "A new version is tried on few before all"
    barriers = (5,)
    level = 2
    proof = "end-to-end: a good version was promoted step by step, a bad one was aborted"
    needs = "data"
    report = END_TO_END
    rests_on = ("code", "params")
    show = f"uv run {PROJECT} end-to-end"
    to_do = "see reports/end-to-end.html, and section rollout of contract.yaml"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        ended = [rollout["state"] for rollout in report["rollouts"]]
        bad, good = report["bad"]["rollout"]["state"], ended.count("promoted")
        said = f"{good} of {len(ended)} rollouts promoted; the bad candidate was {bad}"
        return Found(good > 0 and bad == "aborted", said)


class WayBack(Recorded):
    id = "I7"
    title = "There is a way back"
    barriers = (5,)
    level = 1
    proof = "a rollback was carried out, and how long it took was recorded"
    needs = "production"
    commands = ("rollback",)
    rests_on = ("contract",)
    show = f'uv run {PROJECT} rollback --reason "a drill", then uv run {PROJECT} deploy'
    to_do = f'uv run {PROJECT} rollback --reason "a drill", then uv run {PROJECT} deploy'
