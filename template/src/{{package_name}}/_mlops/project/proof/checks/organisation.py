# The template's. Checks of yours go into a file of their own beside it.
"""Beyond the ML Test Score: contract, owners, card, integration, cost, audit."""

import tempfile
from pathlib import Path

from ..... import metrics
from .... import PROJECT, chain, paths
from ....errors import Problem, first_of
from ....interface import Owner
from ....registry import journal, model_card, versions
from ..rubric import Experiment, Found, Recorded
from ..tryout import Trial

CODEOWNERS = tuple(Path(folder, "CODEOWNERS") for folder in (".", ".github", ".gitlab", "docs"))


class OneContract(Experiment):
    id = "contract"
    title = "One agreed number decides"
    barriers = (1,)
    level = 0
    proof = "metrics.py computes the contract's metric; its three bars are in order"
    sign = "that the business agrees"
    rests_on = ("code", "params", "contract", "sample")
    to_do = "agree with the consumer on purpose, metric and bars in contract.yaml"

    def prove(self, repo: Trial) -> Found:
        contract, quality = repo.contract, repo.contract.quality
        if not contract.purpose or contract.service.consumer == "not agreed yet":
            return Found(False, "contract.yaml names no purpose, or no consumer")
        scores = metrics.score(repo.target, repo.predict(repo.labelled))
        if quality.metric not in scores:
            return Found(False, f"metrics.py does not compute {quality.metric}")
        bars = [quality.withdraw, quality.retrain, quality.accept]
        if bars != sorted(bars, reverse=quality.better == "lower"):
            return Found(False, "accept, retrain and withdraw of contract.yaml are not in order")
        said = (
            " < ".join(map(str, bars)) if quality.better == "higher" else " > ".join(map(str, bars))
        )
        return Found(True, f"{quality.metric}: withdraw, retrain, accept at {said}")


class Owners(Experiment):
    id = "owners"
    title = "Somebody answers for model, data and service"
    barriers = (7,)
    level = 0
    proof = "three roles in contract.yaml, none the placeholder; CODEOWNERS names somebody"
    sign = "that each accepts"
    needs = "person"
    rests_on = ("contract",)
    to_do = "write the real owners into contract.yaml"

    def prove(self, repo: Trial) -> Found:
        owners, placeholder = dict(repo.contract.owners), Owner()
        nobody = [
            role
            for role, one in owners.items()
            if one.email == placeholder.email or "@" not in one.email or not one.name.strip()
        ]
        if nobody:
            return Found(False, f"nobody answers for {', '.join(nobody)} yet")
        for path in CODEOWNERS:
            if path.is_file() and "@" not in path.read_text(encoding="utf-8", errors="replace"):
                return Found(False, f"{path} names nobody")
        return Found(True, ", ".join(f"{role}: {one.name}" for role, one in owners.items()))


class Card(Experiment):
    id = "card"
    title = "The model card is written, and about this model"
    barriers = (7,)
    level = 0
    proof = "no sentence is a placeholder, and the numbers are those of the champion's record"
    sign = "the limitations"
    needs = "person"
    rests_on = ("model",)
    to_do = f"write the sentences marked YOURS: in MODEL_CARD.md, then uv run {PROJECT} card"

    def prove(self, repo: Trial) -> Found:
        try:
            run = model_card.champion()
            card = model_card.read_card()
            model_card.require_prose(card, draft=False)
            model_card.require_same(card, model_card.fill(card, run), run)
        except Problem as problem:
            return Found(False, str(problem))
        return Found(True, f"{paths.CARD} describes version {run.version}")


class Integration(Recorded):
    id = "integration"
    title = "A consumer's request is answered"
    barriers = (1,)
    level = 0
    proof = "demo starts the service and sends it a request as a consumer would"
    sign = "that the consumer can read the answer"
    needs = "data"
    commands = ("demo",)
    rests_on = ("code", "service", "model")
    show = "uv run just demo"
    to_do = "uv run just demo"


class Cost(Recorded):
    id = "cost"
    title = "Training costs what was agreed"
    barriers = (5,)
    level = 1
    proof = "cost adds up the recorded runs; each is within the budget"
    sign = "the budget"
    needs = "data"
    commands = ("cost",)
    rests_on = ("contract",)
    show = f"uv run {PROJECT} cost"
    to_do = "train on less or for less, or agree on another budget in contract.yaml"


class Audit(Experiment):
    id = "audit"
    title = "Every decision about a version stays on record"
    barriers = (3, 7)
    level = 1
    proof = (
        "the journal is as it was written, and as git and the registry know it; an edit is found"
    )
    sign = "how long it is kept"
    needs = "data"
    rests_on = ("model",)
    to_do = f"git log -p {paths.JOURNAL} shows who changed it, and what it was"

    def prove(self, repo: Trial) -> Found:
        found, wrong = journal.lines()
        if not found and not wrong:
            return Found(False, "no decision is recorded yet")
        try:
            wrong = journal.problems(versions.model_tags())
            altered = versions.altered()
        except Problem as problem:
            return Found(False, str(problem))
        wrong += [f"version {number}: {why}" for number, why in altered.items()]
        if wrong:
            return Found(False, first_of(wrong))
        with tempfile.TemporaryDirectory() as name:
            edited = Path(name, paths.JOURNAL.name)
            lines = paths.JOURNAL.read_text(encoding="utf-8").replace('"by": "', '"by": "not ', 1)
            edited.write_text(lines, encoding="utf-8")
            if not chain.read(edited)[1]:
                return Found(False, "a line with another name in it is not found out")
        return Found(True, f"{len(found)} decisions, each covered by the next; an edit is found")
