# The template's. Checks of yours go into a file of their own beside it.
"""M1 to M7: is the model better than what is simpler, everywhere, and still?"""

from typing import Any

from .... import PROJECT, paths
from ....config import load_params
from ....errors import counted
from ....interface import Contract
from ....training.evaluation import better, no_better, shown
from ..rubric import Found, Recorded, Signed

TIMELINE = paths.REPORTS / "timeline.json"


class Reviewed(Signed):
    id = "M1"
    title = "Every change of the model is reviewed"
    barriers = (1,)
    level = 2
    proof = "none by a program: the branch is protected on the server"
    sign = "that no change is merged without a second person"
    to_do = "protect the branch main on the server, and see that a change waits for a review"


class Online(Recorded):
    id = "M2"
    title = "The metric in use is the one that was promised"
    barriers = (6,)
    level = 1
    proof = "monitor joins the prediction log with its outcomes: the metric is above `retrain`"
    sign = "that there are enough outcomes"
    needs = "production"
    report = paths.MONITOR
    rests_on = ("contract", "model")
    show = f"uv run {PROJECT} monitor, once outcomes are known"
    to_do = f"uv run {PROJECT} retrain, or see reports/monitor.html"

    def max_age_days(self, contract: Contract) -> float:
        return 2 * contract.monitoring.window_days

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        found = next(one for one in report["checks"] if one["name"] == "quality")
        said = f"{contract.quality.metric} {shown(found['found'])} in use ({found['detail']})"
        return Found(found["state"] == "ok", f"{said}: {found['state']}")


class Tuned(Recorded):
    id = "M3"
    title = "The parameters were searched for"
    barriers = (4,)
    level = 1
    proof = "a recorded search, whose best parameters are those of params.yaml"
    needs = "data"
    report = paths.TUNE
    rests_on = ("code", "params", "data")
    show = f"uv run {PROJECT} tune"
    to_do = f"uv run {PROJECT} tune, and take its proposal into params.yaml"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        now, best = load_params().train, report["best"]
        other = [name for name, value in best.items() if now.get(name) != value]
        if other:
            return Found(False, f"params.yaml has other values for {', '.join(other)}")
        return Found(
            True, f"{counted(report['trials'], 'trial')}; params.yaml has the best of them"
        )


class Staleness(Recorded):
    id = "M4"
    title = "How fast the model ages is known"
    barriers = (6,)
    level = 1
    proof = "batch after batch is replayed, and the metric of each is measured"
    sign = "the age that is acceptable"
    needs = "data"
    report = TIMELINE
    rests_on = ("code", "params", "data")
    show = f"uv run {PROJECT} replay"
    to_do = f"bring more batches into data/incoming, then uv run {PROJECT} replay"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        curve = [part["metric"] for part in report["parts"]]
        values = ", ".join(map(shown, curve))
        return Found(len(curve) > 1, f"{contract.quality.metric} batch by batch: {values}")


class Simpler(Recorded):
    id = "M5"
    title = "A simpler model is not as good"
    barriers = (4,)
    level = 0
    proof = "the model and each baseline on the same hold-out"
    needs = "data"
    report = paths.METRICS
    rests_on = ("code", "params", "contract", "data")
    show = "uv run just demo"
    to_do = "improve the model, or make the baseline the model"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        metric, names = contract.quality.metric, ", ".join(report["baselines"])
        if not names:
            return Found(False, "model.py has no baseline to compare with")
        if reasons := no_better(report, contract.quality):
            return Found(False, "; ".join(reasons))
        return Found(True, f"{metric} {shown(report['metrics'][metric])} beats {names}")


class Slices(Recorded):
    id = "M6"
    title = "Good enough on every group"
    barriers = (4,)
    level = 0
    proof = "the contract's metric on each large slice, beside slices.accept"
    sign = "which slices"
    needs = "data"
    report = paths.METRICS
    rests_on = ("code", "params", "contract", "data")
    show = "uv run just demo"
    to_do = "improve the model on the named group, or name slices in contract.yaml"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        rules, metric = contract.slices, contract.quality.metric
        judged = [one for one in report["slices"] if one["rows"] >= rules.min_rows]
        if rules.accept is None or not judged:
            return Found(False, "contract.yaml names no slice, no bar, or none is large enough")
        bad = [
            f"{one['column']}={one['value']} ({shown(one[metric])})"
            for one in judged
            if not better(one[metric], rules.accept, contract.quality)
        ]
        said = f"{counted(len(judged), 'group')}, each at least {rules.accept} {metric}"
        return Found(not bad, f"worse than {rules.accept}: {', '.join(bad)}" if bad else said)


class Inclusion(Recorded):
    id = "M7"
    title = "No group is served much worse than another"
    barriers = (7,)
    level = 1
    proof = "the distance of the best and the worst slice, beside readiness.group_gap"
    sign = "which groups"
    needs = "data"
    report = paths.METRICS
    rests_on = ("code", "params", "contract", "data")
    show = "uv run just demo"
    to_do = "improve the model on the worst group, or agree on readiness.group_gap"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        metric, bound = contract.quality.metric, contract.readiness.group_gap
        worst_gap, said = -1.0, "contract.yaml names no slice with two groups that are large enough"
        for column in contract.slices.columns:
            found = {
                one["value"]: one[metric]
                for one in report["slices"]
                if one["column"] == column and one[metric] is not None
            }
            if len(found) < 2:
                continue
            low, high = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
            gap = (found[high] - found[low]) / abs(report["metrics"][metric] or 1)
            if gap > worst_gap:
                worst_gap = gap
                said = (
                    f"{column}: {high} {shown(found[high])}, {low} {shown(found[low])}, "
                    f"{gap * 100:.0f} percent apart; allowed are {bound * 100:.0f}"
                )
        return Found(0 <= worst_gap <= bound, said)
