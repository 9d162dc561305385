# The template's. Checks of yours go into a file of their own beside it.
"""D1 to D7: is the data what the model expects?"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from subprocess import run
from typing import Any

import numpy as np
import pandas as pd

from ..... import features, schema
from .... import paths
from ....data import dataset, tables
from ....data.validation import EMAIL, check
from ....evidence import SOURCE
from ....interface import Column, Contract
from ..rubric import Experiment, Found, Recorded, Signed
from ..tryout import Trial

PLANTED = "planted.person@example.org"


class Expectations(Experiment):
    id = "D1"
    title = "The schema says what each column may hold"
    barriers = (2,)
    level = 0
    proof = "the sample passes, and a copy with each column spoilt in turn is refused"
    sign = "that the ranges are right"
    rests_on = ("code", "contract", "sample", "glue")
    to_do = "give the column a range in schema.py, or mend the sample"

    def prove(self, repo: Trial) -> Found:
        rows, personal = repo.rows, repo.contract.personal_data
        if problems := check(rows, personal):
            return Found(False, f"the sample is refused: {problems[0]['message']}")
        tried = 0
        for column in schema.COLUMNS:
            for name, spoilt in spoil(rows, column):
                tried += 1
                if not check(spoilt, personal):
                    return Found(False, f"column {column.name!r} {name} is taken as good data")
        numbers = [c for c in schema.COLUMNS if c.kind in ("integer", "number")]
        free = [c.name for c in numbers if c.low is None and c.high is None]
        said = f"{len(rows):,} good rows passed, {tried} spoilt copies were refused"
        return Found(True, f"{said}; without a range: {', '.join(free)}" if free else said)


def spoil(rows: pd.DataFrame, column: Column) -> list[tuple[str, pd.DataFrame]]:
    """Return copies of the rows with one column made wrong, each with what is wrong."""
    name, wrong = column.name, [("left out", rows.drop(columns=column.name))]
    if not column.missing:
        values = rows[name].astype("object").copy()
        values.iloc[0] = None
        wrong.append(("with a missing value", rows.assign(**{name: values})))
    if column.kind in ("integer", "number"):
        # no unit has such a number; a column without a range may hold any
        for bound, value in ((column.low, -1e300), (column.high, 1e300)):
            if bound is not None:
                values = rows[name].astype("float64").copy()
                values.iloc[0] = value
                wrong.append((f"with {value:g}", rows.assign(**{name: values})))
    return wrong


class WorthIt(Recorded):
    id = "D2"
    title = "Every feature is worth having"
    barriers = (2,)
    level = 1
    proof = "each feature shuffled in turn makes the score on the hold-out worse (importance)"
    needs = "data"
    rests_on = ("code", "params", "contract", "data")
    report = paths.METRICS
    show = "uv run just demo"
    to_do = "take the named features out of features.py, then uv run just repro"

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        losses = report["importance"]
        useless = [name for name, loss in losses.items() if loss <= 0]
        if useless:
            return Found(
                False, f"{len(useless)} of {len(losses)} add nothing: {', '.join(useless)}"
            )
        return Found(bool(losses), f"each of {len(losses)} features adds to {report['metric']}")


class Cheap(Experiment):
    id = "D3"
    title = "No feature costs too much"
    barriers = (5,)
    level = 1
    proof = "time and size of the features of one row, beside what the contract allows"
    sign = "the budget"
    rests_on = ("code", "contract", "sample", "glue")
    to_do = "make features.py faster, or agree on readiness.features_ms in contract.yaml"

    def prove(self, repo: Trial) -> Found:
        one = tables.known_rows(repo.rows, schema).head(1)
        features.build_features(one)
        times = []
        for _ in range(15):
            began = time.perf_counter()
            made = features.build_features(one)
            times.append((time.perf_counter() - began) * 1000)
        found, contract = statistics.median(times), repo.contract
        bound = contract.readiness.features_ms or contract.service.latency_p95_ms / 2
        size = int(made.memory_usage(deep=True, index=False).sum())
        said = f"{made.shape[1]} features of a row take {found:.1f} ms, {size:,} bytes"
        return Found(found <= bound, f"{said}; allowed are {bound:g} ms")


class MetaLevel(Experiment):
    id = "D4"
    title = "No feature that the rules forbid"
    barriers = (7,)
    level = 0
    proof = "names of model inputs against contract.yaml's deny-list and the personal columns"
    sign = "the policy"
    rests_on = ("code", "contract", "sample", "glue")
    to_do = "take the named feature out of features.py"

    def prove(self, repo: Trial) -> Found:
        words = repo.contract.personal_data
        personal = {column.name for column in schema.COLUMNS if column.personal}
        bad = [name for name in map(str, repo.inputs) if name in personal or words.denied(name)]
        if bad:
            return Found(False, f"the model is given {', '.join(bad)}")
        return Found(
            True, f"{repo.inputs.shape[1]} inputs, none personal, {len(words.deny)} words denied"
        )


class Privacy(Experiment):
    id = "D5"
    title = "Personal data reaches no feature and no record"
    barriers = (2,)
    level = 0
    proof = "a planted address is refused, or declared personal and then found in no output"
    sign = "legal basis"
    rests_on = ("code", "contract", "sample", "glue")
    to_do = "declare the column personal=True in schema.py, and make no feature of it"

    def prove(self, repo: Trial) -> Found:
        rows = repo.rows.copy()
        planted = [c.name for c in schema.COLUMNS if c.personal and c.kind == "text"]
        for name in planted:
            rows[name] = PLANTED
        outputs = {
            "features": dataset.inputs_and_target(rows),
            "the example row": pd.DataFrame([dataset.example(rows)]),
            "the record of columns": pd.DataFrame(dataset.seen(rows)),
        }
        for where, table in outputs.items():
            if table.astype("str").apply(lambda values: values.str.contains(EMAIL)).any(axis=None):
                return Found(False, f"an e-mail address gets into {where}")
        open_ = [c.name for c in schema.COLUMNS if c.kind == "text" and not c.personal]
        name = open_[0] if open_ else "contact"
        spoilt = repo.rows.assign(**{name: PLANTED})
        problems = check(spoilt, repo.contract.personal_data)
        if not any("e-mail" in one["message"] for one in problems):  # a key says more
            return Found(False, f"an e-mail address in column {name!r} is taken as good data")
        return Found(True, f"planted in {len(planted)} personal columns and in {name!r}: kept out")


class QuickToAdd(Signed):
    id = "D6"
    title = "A new feature reaches production quickly"
    barriers = (1,)
    level = 1
    proof = "none by a program"
    sign = "that it took days, not months"
    to_do = "look at when the last feature was asked for and when it was served"


class Tested(Experiment):
    id = "D7"
    title = "Feature code is tested"
    barriers = (4,)
    level = 0
    proof = "tests/test_features.py passes and runs most lines of features.py"
    rests_on = ("code", "tests", "contract", "sample")
    to_do = "test the lines of features.py that no test runs, in tests/test_features.py"

    def prove(self, repo: Trial) -> Found:
        tests, code = Path("tests/test_features.py"), SOURCE / "features.py"
        if not tests.is_file():
            return Found(False, f"{tests} does not exist")
        with tempfile.TemporaryDirectory() as folder:
            file, report = f"--data-file={folder}/data", Path(folder, "report.json")
            quiet = ("-q", "-p", "no:cacheprovider", "--no-header", str(tests))
            tool = (sys.executable, "-m", "coverage")
            measure = (*tool, "run", file, f"--include={code}", "-m", "pytest", *quiet)
            done = run(measure, capture_output=True, text=True)
            if done.returncode:
                last = (done.stdout.strip() or done.stderr.strip() or "?").splitlines()[-1]
                return Found(False, f"{tests}: {last}")
            run([*tool, "json", file, "-o", str(report)], capture_output=True)
            share = 0.0  # there is no report when no test imports the module
            if report.is_file():
                share = json.loads(report.read_bytes())["totals"]["percent_covered"]
        bound = repo.contract.readiness.coverage
        said = f"{tests} runs {share:.0f} percent of {code.name}; expected {bound * 100:.0f}"
        return Found(bool(np.floor(share) >= bound * 100), said)
