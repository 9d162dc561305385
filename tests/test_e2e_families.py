"""Does a model of another family live its whole life, by the one edit that the handbook shows?"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from first_run import FirstRun, FirstRuns, copied, run, try_to_run
from rendering import TASKS, commit_all, render

pytestmark = pytest.mark.e2e
PAGE = "docs/handbook/your-own-data.md"
ROW = re.compile(
    r"^\| (?P<name>\w+) \| `uv add (?P<package>[\w-]+)` \| `(?P<estimator>.+)` \|$", re.M
)
DATA = {"labels": "sklearn:iris", "number": "sklearn:diabetes"}
UV = ("uv", "run", "--frozen")
MORE = {
    "labels": [
        "LogisticRegression(max_iter=1000)",
        "RandomForestClassifier(50, random_state=params.seed)",
        "HistGradientBoostingClassifier(random_state=params.seed)",
        "KNeighborsClassifier()",
        "MLPClassifier(max_iter=1000, random_state=params.seed)",
        "SVC(probability=True, random_state=params.seed)",
        "GaussianNB()",
        'StackingClassifier([("bayes", GaussianNB()), ("neighbours", KNeighborsClassifier())])',
        "CalibratedClassifierCV(LinearSVC(random_state=params.seed), cv=3)",
    ],
    "number": [
        "RandomForestRegressor(50, random_state=params.seed)",
        "HistGradientBoostingRegressor(random_state=params.seed)",
        "KNeighborsRegressor(20)",
        'MLPRegressor((8,), solver="lbfgs", max_iter=1000, random_state=params.seed)',
        "SVR(C=50)",
        'StackingRegressor([("ridge", Ridge()), ("lasso", LassoCV())])',
    ],
}
# what a person imports by the name of the class
MODULES = {
    "lightgbm": "LGBMClassifier, LGBMRegressor",
    "xgboost": "XGBClassifier, XGBRegressor",
    "catboost": "CatBoostClassifier, CatBoostRegressor",
    "sklearn.calibration": "CalibratedClassifierCV",
    "sklearn.ensemble": "HistGradientBoostingClassifier, HistGradientBoostingRegressor, "
    "RandomForestClassifier, RandomForestRegressor, StackingClassifier, StackingRegressor, "
    "VotingClassifier",
    "sklearn.linear_model": "LassoCV, LogisticRegression, Ridge",
    "sklearn.naive_bayes": "GaussianNB",
    "sklearn.neighbors": "KNeighborsClassifier, KNeighborsRegressor",
    "sklearn.neural_network": "MLPClassifier, MLPRegressor",
    "sklearn.preprocessing": "FunctionTransformer",
    "sklearn.svm": "SVC, SVR, LinearSVC",
    "typing": "Any",
}
IMPORTED = {name: module for module, names in MODULES.items() for name in names.split(", ")}


@dataclass(frozen=True)
class Shown:
    """A row of the handbook: what is added, and what stands in `build_model`."""

    package: str
    estimator: str

    def of(self, kind: str) -> str:
        """Return the estimator for labels, or for a number as the page says."""
        if kind == "labels":
            return self.estimator
        inner = re.sub(r"VotingClassifier\(\[\(\"\w+\", (.+)\)\], .*", r"\1", self.estimator)
        return inner.replace("Classifier", "Regressor")


Own = Callable[[str], Path]


@pytest.fixture(scope="module")
def own(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Own:
    """Return a function that gives a fresh repo that begins with a small data set."""
    bases: dict[str, Path] = {}

    def fresh(kind: str) -> Path:
        if kind not in bases:
            base = render(template, tmp_path_factory.mktemp(kind) / "own", project_name="Own")
            first_runs.equip(base)
            run(base, "uv", "run", "just", "start-from", DATA[kind], "--target", "target", "--yes")
            bases[kind] = base
        return copied(bases[kind], tmp_path_factory.mktemp("family") / "own")

    return fresh


def shown(repo: Path) -> dict[str, Shown]:
    """Return the families of the handbook by name."""
    page = (repo / PAGE).read_text(encoding="utf-8")
    return {row["name"]: Shown(row["package"], row["estimator"]) for row in ROW.finditer(page)}


def write_model(repo: Path, *steps: str, more: str = "") -> None:
    """Put steps into `build_model`, and code above it, as a person does; commit that."""
    path = repo / "src/own/model.py"
    text = path.read_text(encoding="utf-8")
    found = re.search(r"def build_model.*?(?=\n\n\ndef )", text, re.DOTALL)
    assert found
    body = "".join(f"        {step},\n" for step in steps)
    code = (
        "def build_model(params: Params) -> Pipeline:\n"
        f'    """Return another model, unfitted."""\n    return make_pipeline(\n{body}    )'
    )
    names = sorted(IMPORTED.keys() & set(re.findall(r"\w+", body + more)))
    lines = "".join(f"from {IMPORTED[name]} import {name}\n" for name in names)
    text = text.replace(found[0], more + code).replace("from pydantic", f"{lines}from pydantic", 1)
    path.write_text(text, encoding="utf-8")
    run(repo, *UV, "just", "fix")  # sorts the imports, and takes out what is no longer used
    commit_all(repo, "Another family")


def live(repo: Path, estimator: str) -> FirstRun:
    """Train, evaluate, register, promote, serve, predict, and describe a model."""
    write_model(repo, "scaled()", estimator)
    run(repo, *UV, "just", "set-up")
    first = serve(repo)
    assert first.served["model_version"] == "1"
    run(repo, *UV, "own", "card", "--draft")
    run(repo, *UV, "own", "trace")
    return first


def test_lightgbm_trains_and_predicts_after_one_edit(first_runs: FirstRuns, tmp_path: Path) -> None:
    """By modules, not scripts: to make those of a copy anew takes longer than all the rest."""
    repo = copied(first_runs(TASKS[0]).repo, tmp_path / "late-flights")
    given = shown(repo)["LightGBM"]
    run(repo, "uv", "add", "--quiet", given.package)
    path = repo / "src/late_flights/model.py"
    old = r"HistGradientBoostingClassifier\(\n(.*\n)*?        \)"
    text, changed = re.subn(old, given.estimator, path.read_text(encoding="utf-8"))
    assert changed == 1
    text = text.replace("from pydantic", "from lightgbm import LGBMClassifier\nfrom pydantic", 1)
    path.write_text(text, encoding="utf-8")
    commit_all(repo, "LightGBM")
    for verb in ("train", "evaluate", "register", "promote"):
        run(repo, *UV, "python", "-m", "late_flights", verb)
    files = ("--input", "tests/data/sample.parquet", "--output", str(tmp_path / "said.parquet"))
    said = run(repo, *UV, "python", "-m", "late_flights", "predict", *files)

    found = FirstRun(TASKS[0], repo, said.stderr)
    assert found.beats_baselines()
    assert "lightgbm" in found.json("models/candidate/manifest.json")["packages"]
    assert found.json("models/champion/pointer.json")["version"] == "2"
    assert (tmp_path / "said.parquet").is_file()


@pytest.mark.all
def test_what_is_not_trusted_is_by_a_line_of_yours(own: Own) -> None:
    repo = own("labels")
    halved = 'def halved(values: Any) -> Any:\n    """Halve."""\n    return values / 2\n\n\n'
    write_model(repo, "scaled()", "FunctionTransformer(halved)", "GaussianNB()", more=halved)
    run(repo, *UV, "just", "set-up")
    refused = try_to_run(repo, *UV, "just", "repro")

    assert refused.returncode == 1
    assert "error: the model names types that are not trusted: own.model.halved\n" in refused.stderr
    assert not (repo / "models/candidate").exists()

    (line,) = re.findall(r"add to model\.py: (.+)", refused.stderr)
    assert line == 'TRUSTED = ("own.model.halved",)'
    model = repo / "src/own/model.py"
    model.write_text(f"{model.read_text(encoding='utf-8')}\n\n{line}\n", encoding="utf-8")
    commit_all(repo, "Trust halved")
    run(repo, *UV, "just", "check")
    assert serve(repo).served["model_version"] == "1"


def serve(repo: Path) -> FirstRun:
    """Make a model the champion, whatever its bar, and ask its service what `predict` says."""
    run(repo, *UV, "just", "repro")
    run(repo, *UV, "just", "register")
    run(repo, *UV, "just", "promote", "--force", "the family is tried, not its quality")
    done = run(repo, *UV, "own", "demo")
    return FirstRun("own", repo, done.stdout + done.stderr)


@pytest.mark.all
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("family", ["LightGBM", "XGBoost", "CatBoost"])
def test_each_family_of_the_handbook_lives(own: Own, kind: str, family: str) -> None:
    repo = own(kind)
    given = shown(repo)[family]
    run(repo, "uv", "add", "--quiet", given.package)
    first = live(repo, given.of(kind))
    assert bool(first.served.get("probabilities")) == (kind == "labels")
    assert given.package in first.json("models/candidate/manifest.json")["packages"]
    run(repo, *UV, "just", "check")


@pytest.mark.all
@pytest.mark.parametrize(
    ("kind", "estimator"),
    [
        pytest.param(kind, estimator, id=estimator.partition("(")[0])
        for kind, estimators in MORE.items()
        for estimator in estimators
    ],
)
def test_estimators_of_scikit_learn_live(own: Own, kind: str, estimator: str) -> None:
    live(own(kind), estimator)


@pytest.mark.all
@pytest.mark.parametrize(
    ("estimator", "said", "hint"),
    [
        (
            "XGBClassifier()",
            "XGBClassifier cannot be fitted: Invalid classes",
            'VotingClassifier([("numbered", XGBClassifier(...))], voting="soft")',
        ),
        (
            "LinearSVC()",
            "LinearSVC gives no probabilities; expected predict_proba",
            "CalibratedClassifierCV(LinearSVC(...))",
        ),
    ],
)
def test_what_a_family_wants_otherwise_is_said_in_one_line(
    own: Own, estimator: str, said: str, hint: str
) -> None:
    repo = own("labels")
    if "XGB" in estimator:
        run(repo, "uv", "add", "--quiet", shown(repo)["XGBoost"].package)
    write_model(repo, "scaled()", estimator)
    refused = try_to_run(repo, *UV, "just", "repro")

    assert refused.returncode == 2
    assert f"error: model.py: {said}" in refused.stderr
    assert hint in refused.stderr
    assert "Traceback" not in refused.stderr
