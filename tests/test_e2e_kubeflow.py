"""KFP compiles the pipeline of a generated repo and runs it here: the same result, a no skips."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from first_run import FirstRun, FirstRuns, copied, patient, run, try_to_run
from rendering import commit_all, render

pytestmark = [pytest.mark.e2e, pytest.mark.all]

IMAGE = "registry.example.com/late:1.4"
STAGES = ["validate", "featurize", "train", "evaluate"]
DELIVERY = ["package", "accept", "release_test", "release_staging"]


@pytest.fixture(scope="module")
def repo(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo of level 1 with its data and without a model."""
    folder = tmp_path_factory.mktemp("kubeflow") / "late-flights"
    made = first_runs.equip(render(template, folder, maturity_level=1, extras=["kubeflow"]))
    patient(made)
    run(made, "uv", "run", "just", "set-up")
    commit_all(made, "Begin")
    return made


@pytest.fixture(scope="module")
def by_hand(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """Return a copy in which the verbs ran, one after the other."""
    mine = copied(repo, tmp_path_factory.mktemp("by-hand") / "late-flights")
    run(mine, "uv", "run", "just", "set-up")
    done = run(mine, "uv", "run", "just", "pipeline")
    return FirstRun("classification", mine, done.stdout + done.stderr)


def kubeflow(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call the recipe, whatever becomes of it."""
    return try_to_run(repo, "uv", "run", "just", "kubeflow", *words)


def compiled(repo: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pipeline that was written, and what it asks of the cluster."""
    done = kubeflow(repo, "--image", IMAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (repo / "build/kubeflow/pipeline.yaml").read_text(encoding="utf-8")
    pipeline, platform = yaml.safe_load_all(text)
    return pipeline, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def steps(pipeline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each step by its name, also those behind a condition."""
    parts = [pipeline["root"], *pipeline["components"].values()]
    tasks = [task for part in parts for task in part.get("dag", {}).get("tasks", {}).items()]
    return {task["taskInfo"]["name"]: task for name, task in tasks if "condition-" not in name}


def recipe(step: dict[str, Any]) -> list[str]:
    """Return what a step runs."""
    words: list[str] = step["inputs"]["parameters"]["command"]["runtimeValue"]["constant"]
    assert words[:5] == ["uv", "run", "--frozen", "--project", "/repo"]
    return words[words.index("--justfile") + 2 :]


def accept(repo: Path, bar: float) -> None:
    """Set the bar of the contract's metric, and commit."""
    contract = repo / "contract.yaml"
    content: dict[str, Any] = yaml.safe_load(contract.read_text(encoding="utf-8"))
    content["quality"]["accept"] = bar
    contract.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    commit_all(repo, f"Accept from {bar}")


def test_every_step_is_the_image_and_a_verb(repo: Path) -> None:
    pipeline, volumes = compiled(repo)
    found = steps(pipeline)

    assert set(found) == {*STAGES, "register", "gate", "deploy"}
    assert [recipe(found[name]) for name in STAGES] == [["repro", name] for name in STAGES]
    executors = pipeline["deploymentSpec"]["executors"]
    assert {one["container"]["image"] for one in executors.values()} == {IMAGE}
    assert "pip install" not in str(executors), "the image has it all"
    assert all(step["cachingOptions"] == {} for step in found.values()), "DVC knows better"
    assert all(step["retryPolicy"]["maxRetryCount"] == 2 for step in found.values())
    assert volumes.keys() == executors.keys()
    mounts = [mount for one in volumes.values() for mount in one["pvcMount"]]
    assert {(one["constant"], one["mountPath"]) for one in mounts} == {("late-flights", "/repo")}


def test_what_follows_the_gate_is_behind_its_verdict(repo: Path) -> None:
    pipeline, _ = compiled(repo)
    condition = pipeline["root"]["dag"]["tasks"]["condition-1"]

    assert "'pipelinechannel--gate-Output'] == 'yes'" in condition["triggerPolicy"]["condition"]
    assert list(pipeline["components"]["comp-condition-1"]["dag"]["tasks"]) == ["deploy"]


def test_a_stage_that_is_added_is_a_step(repo: Path) -> None:
    graph = repo / "dvc.yaml"
    before = graph.read_text(encoding="utf-8")
    graph.write_text(f"{before}\n  explain: {{cmd: 'true', deps: [models/candidate]}}\n")
    added = steps(compiled(repo)[0])
    graph.write_text("stages: [")
    broken = kubeflow(repo, "--image", IMAGE)
    graph.write_text(before)

    assert added["explain"]["dependentTasks"] == ["evaluate"]
    assert recipe(added["explain"]) == ["repro", "explain"]
    assert added["register"]["dependentTasks"] == ["explain"]
    assert broken.returncode == 2
    assert broken.stderr.startswith("error: dvc.yaml cannot be read: ")


def test_level_2_has_the_way_to_production(
    template: Path, first_runs: FirstRuns, tmp_path: Path
) -> None:
    second = render(template, tmp_path / "late-flights", maturity_level=2, extras=["kubeflow"])
    first_runs.equip(second)
    found = steps(compiled(second)[0])

    assert set(found) == {*STAGES, "register", "gate", *DELIVERY}
    assert recipe(found["release_staging"]) == ["release", "staging"]


def test_a_missing_image_is_told_and_nothing_is_written(repo: Path) -> None:
    target = repo / "build/kubeflow/pipeline.yaml"
    target.unlink(missing_ok=True)

    done = kubeflow(repo)

    assert done.returncode == 2
    assert done.stderr.startswith("error: --image is missing; expected a tag other than latest")
    assert not target.exists()


def test_a_refused_gate_skips_what_follows(repo: Path, by_hand: FirstRun) -> None:
    assert by_hand.said, "the copy is made before KFP works in the repo"
    accept(repo, 0.99)

    done = kubeflow(repo, "--here")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "gate says no: what follows is skipped" in done.stdout
    assert not (repo / "models/champion/pointer.json").exists()


def test_the_result_is_that_of_the_verbs_run_by_hand(repo: Path, by_hand: FirstRun) -> None:
    accept(repo, 0.68)

    done = kubeflow(repo, "--here")

    assert done.returncode == 0, done.stdout + done.stderr
    mine, theirs = FirstRun("", repo, ""), by_hand
    report, expected = (one.json("reports/metrics.json") for one in (mine, theirs))
    for key in ("metrics", "baselines", "slices"):
        assert report[key] == expected[key]
    served, wanted = (one.json("models/champion/pointer.json") for one in (mine, theirs))
    assert served["version"] == wanted["version"] == "1"


def test_a_stage_that_fails_fails_the_run(repo: Path) -> None:
    broken = repo / "contract.yaml"
    text = broken.read_text(encoding="utf-8")
    broken.write_text(f"{text}\nunknown: 3\n", encoding="utf-8")

    done = kubeflow(repo, "--here")
    broken.write_text(text, encoding="utf-8")

    assert done.returncode == 3
    # once: a cluster tries again, here somebody waits
    assert done.stdout.count("error: repro validate ended with exit code 2") == 1
    assert done.stderr.splitlines()[-1].startswith("error: Pipeline"), done.stderr
