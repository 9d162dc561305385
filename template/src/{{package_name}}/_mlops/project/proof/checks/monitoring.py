# The template's. Checks of yours go into a file of their own beside it.
"""Mo1 to Mo7: would anybody notice?"""

import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from .... import PROJECT, paths
from ....interface import Contract
from ....programs import git
from ..rubric import Experiment, Found, Recorded
from ..tryout import Trial
from .data import spoil

ON_GITLAB = Path(".gitlab-ci.yml")
# the bot of each host, and what it calls packages and workflows
DEPENDABOT = Path(".github/dependabot.yml"), {"uv", "github-actions"}
RENOVATE = Path(".gitlab/renovate.json"), {"pep621", "gitlabci"}
CHECKS = "....monitoring.checks"
DAY = 86_400


class Dependencies(Experiment):
    id = "Mo1"
    title = "A change of a dependency is noticed"
    barriers = (3,)
    level = 0
    proof = "a bot is set up for packages and actions, and the lock in git is recent"
    sign = "that somebody reads what the bot proposes"
    needs = "person"
    rests_on = ("lock",)
    to_do = (
        "name uv and github-actions in .github/dependabot.yml, on GitLab pep621 and gitlabci in "
        ".gitlab/renovate.json; uv lock --upgrade, test, commit"
    )

    def prove(self, repo: Trial) -> Found:
        bot, needed = RENOVATE if ON_GITLAB.is_file() else DEPENDABOT
        if not bot.is_file():
            return Found(False, f"{bot} does not exist")
        settings = YAML(typ="safe", pure=True).load(bot.read_text(encoding="utf-8")) or {}
        watched = {one.get("package-ecosystem") for one in settings.get("updates") or []}
        watched |= set(settings.get("enabledManagers") or [])
        if lacking := needed - watched:
            return Found(False, f"{bot} does not watch {', '.join(sorted(lacking))}")
        committed = git("log", "-1", "--format=%ct", "--", "uv.lock")
        if not committed:
            return Found(False, "uv.lock is not in git")
        days, bound = (time.time() - int(committed)) / DAY, repo.contract.readiness.max_age_days
        said = f"uv.lock was committed {days:.0f} days ago; allowed are {bound:g}"
        return Found(days <= bound, f"{said}; watched: {', '.join(sorted(map(str, watched)))}")


class Invariants(Experiment):
    id = "Mo2"
    title = "Wrong input is refused, by name"
    barriers = (2,)
    level = 0
    proof = "each column of a request spoilt in turn: the service's check names the column"
    sign = "that somebody is told when many are refused"
    rests_on = ("code", "sample", "glue")
    to_do = "give the column a range in schema.py"

    def prove(self, repo: Trial) -> Found:
        rows, tried = repo.rows.head(5), 0
        for column in repo.known:
            for name, spoilt in spoil(rows, column):
                tried += 1
                named = {one["column"] for one in repo.problems(spoilt)}
                if column.name not in named:
                    return Found(False, f"a request with {column.name!r} {name} is answered")
        return Found(True, f"{tried} wrong requests, each refused by the name of its column")


class NoSkew(Recorded):
    id = "Mo3"
    title = "The service answers what `predict` says"
    barriers = (1,)
    level = 0
    proof = "demo posts a row to the running service and compares the answer with a file's"
    needs = "data"
    commands = ("demo",)
    rests_on = ("code", "service", "model")
    show = "uv run just demo"
    to_do = "uv run just demo"


class Fresh(Recorded):
    id = "Mo4"
    title = "The champion is not too old"
    barriers = (6,)
    level = 1
    proof = "monitor compares its age with monitoring.max_age_days"
    needs = "production"
    report = paths.MONITOR
    rests_on = ("contract", "model")
    show = f"uv run {PROJECT} monitor"
    to_do = f"uv run {PROJECT} retrain"

    def max_age_days(self, contract: Contract) -> float:
        return 2 * contract.monitoring.window_days

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        found = next(one for one in report["checks"] if one["name"] == "age")
        if found["found"] is None:
            return Found(False, "its age is not known")
        said = f"{found['found']:.0f} days old; allowed are {found['bound']:g}"
        return Found(found["state"] == "ok", said)


class Stable(Experiment):
    id = "Mo5"
    title = "Odd numbers give no odd answers"
    barriers = (4,)
    level = 0
    proof = "smallest, largest and missing values give finite answers; infinite ones are refused"
    rests_on = ("code", "params", "sample", "lock", "glue")
    to_do = "look at what build_features and build_model do with the named value"

    def prove(self, repo: Trial) -> Found:
        rows, tried = repo.rows.head(5), 0
        for column in repo.known:
            if column.kind not in ("integer", "number"):
                continue
            seen = repo.rows[column.name]
            low = seen.min() if column.low is None else column.low
            high = seen.max() if column.high is None else column.high
            for value in [low, high, *[np.nan] * column.missing]:
                tried += 1
                changed = rows.assign(**{column.name: value})
                if not np.isfinite(repo.predict(changed).to_numpy()).all():
                    return Found(
                        False, f"{column.name} = {value} gives an answer that is not finite"
                    )
            endless = rows.assign(**{column.name: pd.Series(np.inf, index=rows.index)})
            if not repo.problems(endless):
                return Found(False, f"{column.name} = infinity is taken as a number")
        return Found(True, f"{tried} odd values gave finite answers, infinite ones are refused")


class NotSlower(Recorded):
    id = "Mo6"
    title = "Not slower, not larger than promised"
    barriers = (5,)
    level = 1
    proof = "the gate ran the version in a service beside the champion: latency and memory"
    sign = "the promise"
    needs = "data"
    report = paths.GATE
    rests_on = ("code", "contract")
    show = f"uv run {PROJECT} gate"
    to_do = "make the model smaller or faster; reports/gate.json has the figures"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        found = {one["name"]: one for one in report["checks"]}
        looked = [found[name] for name in ("latency", "memory") if name in found]
        if len(looked) < 2:
            return Found(False, "the gate's last verdict says nothing about latency and memory")
        return Found(all(one["ok"] for one in looked), "; ".join(one["reason"] for one in looked))


class NotWorse(Experiment):
    id = "Mo7"
    title = "A worse model is noticed"
    barriers = (6,)
    level = 1
    proof = "windows with worse and worse outcomes are given to the monitor: retrain, then withdraw"
    sign = "how late outcomes may come"
    rests_on = ("contract", "glue")
    to_do = "put quality.withdraw below quality.retrain, and that below quality.accept"

    def prove(self, repo: Trial) -> Found:
        checks, contract = importlib.import_module(CHECKS, __package__), repo.contract
        bars, step = contract.quality, 1e-6 if contract.quality.better == "higher" else -1e-6
        said = []
        for score in (bars.accept, bars.retrain - step, bars.withdraw - step):
            enough = max(contract.monitoring.min_rows, contract.monitoring.min_labels)
            facts = checks.Facts(rows=0, champion_rows=0, labelled=enough, quality=score)
            found = checks.judge(facts, contract, 1, 1)
            earlier = [
                [one.name for one in found if one.state == "raised"]
            ] * contract.monitoring.windows
            said.append(checks.verdict(checks.with_alarms(found, earlier, contract.monitoring)))
        expected = [checks.OKAY, checks.RETRAIN, checks.WITHDRAW]
        return Found(said == expected, f"the monitor says {', then '.join(said)}")
