# The template's. Tests of DAGs of yours stand beside this folder.
"""The DAG has every stage of dvc.yaml and what follows, and says in one line why it cannot."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

FOLDER = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def graph() -> ModuleType:
    """Return the module that reads the graph: it belongs to no package."""
    spec = importlib.util.spec_from_file_location("g", FOLDER / "ops/airflow/dags/graph.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def repo(tmp_path: Path, graph: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the glue of this repo's level, and no stages yet."""
    monkeypatch.setattr(graph, "GLUE", "glue/")
    (tmp_path / "glue/delivery").mkdir(parents=True)
    (tmp_path / "contract.yaml").write_text("quality: {metric: roc_auc}\n")
    return tmp_path


def after(graph: ModuleType, folder: Path, **stages: object) -> dict[str, tuple[str, ...]]:
    """Return of each task what it waits for, with these stages."""
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    return {task.name: task.after for task in graph.tasks(folder)}


def refused(graph: ModuleType, folder: Path, text: str) -> str:
    """Return the one line that a dvc.yaml of this text gives."""
    (folder / "dvc.yaml").write_text(text)
    with pytest.raises(graph.Unusable) as told:
        graph.tasks(folder)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_every_stage_of_this_repo_is_a_task_of_its_own_and_runs_alone(graph: ModuleType) -> None:
    stages = list(yaml.safe_load((FOLDER / "dvc.yaml").read_text())["stages"])
    tasks = {task.name: task for task in graph.tasks(FOLDER)}

    assert [name for name in stages if tasks[name].recipe != ("repro", name)] == []
    assert list(tasks)[len(stages) : len(stages) + 2] == ["register", "gate"]
    assert tasks["gate"].after == ("register",)


def test_every_task_is_a_recipe_that_the_repo_has(graph: ModuleType) -> None:
    recipes = "".join(path.read_text() for path in sorted((FOLDER / "just").glob("*.just")))

    for task in graph.tasks(FOLDER):
        assert f"\n{task.recipe[0]} *" in recipes, task


def test_a_stage_of_yours_appears_by_itself(graph: ModuleType, repo: Path) -> None:
    found = after(
        graph,
        repo,
        train={"cmd": "t", "deps": ["data/features"], "outs": ["models/candidate"]},
        explain={"cmd": "e", "deps": ["models/candidate/model.skops"], "outs": ["why.html"]},
        featurize={"cmd": "f", "deps": ["data/raw"], "outs": [{"data/features": {"cache": True}}]},
    )

    assert found["train"] == ("featurize",)
    assert found["explain"] == ("train",)
    assert found["register"] == ("explain",)


def test_a_stage_with_a_folder_or_a_loop_of_its_own_waits_for_the_right_ones(
    graph: ModuleType, repo: Path
) -> None:
    each = {"cmd": "t ${item}", "deps": ["features"], "outs": ["models/${item}"]}
    found = after(
        graph,
        repo,
        features={"cmd": "f", "wdir": "data", "deps": ["raw"], "outs": ["../features"]},
        train={"foreach": ["a", "b"], "do": each},
        score={"cmd": "s", "deps": ["models/a"], "metrics": [{"m.json": {"cache": False}}]},
        other={"cmd": "o", "matrix": {"n": [1]}, "deps": ["data/raw"], "outs": ["o-${item.n}"]},
    )

    assert found["features"] == found["other"] == ()
    assert found["train"] == ("features",)
    assert found["score"] == ("train",)
    assert found["register"] == ("other", "score")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stages: {a: [", "dvc.yaml cannot be read: "),
        ("- a\n", "dvc.yaml is no mapping"),
        ("vars: []\n", "dvc.yaml names no stages"),
        ("stages: {a: null}\n", "stage 'a' of dvc.yaml is no mapping"),
        ("stages: {a: {do: 3}}\n", "stage 'a' of dvc.yaml is no mapping"),
        ("stages: {a: {cmd: x, deps: 3}}\n", "deps of stage 'a' of dvc.yaml is no list"),
        ("stages: {'two words': {cmd: x}}\n", "stage 'two words' of dvc.yaml cannot be a task"),
        ("stages: {gate: {cmd: x}}\n", "dvc.yaml has a stage 'gate', but so is called"),
        (
            "stages: {a: {deps: [x], outs: [y]}, b: {deps: [y], outs: [x]}}\n",
            "stages of dvc.yaml wait in a circle",
        ),
    ],
)
def test_what_cannot_be_a_dag_is_told_in_one_line(
    graph: ModuleType, repo: Path, text: str, told: str
) -> None:
    assert told in refused(graph, repo, text)


def test_a_dvc_yaml_that_is_not_there_or_no_text_is_told(graph: ModuleType, repo: Path) -> None:
    with pytest.raises(graph.Unusable, match=r"dvc\.yaml cannot be read: .*No such file"):
        graph.tasks(repo)
    (repo / "dvc.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(graph.Unusable, match="cannot be read"):
        graph.tasks(repo)


def test_what_follows_the_gate_is_what_the_level_has(graph: ModuleType, repo: Path) -> None:
    stage = {"cmd": "x", "outs": ["y"]}
    first = list(after(graph, repo, train=stage))
    (repo / "glue/delivery/release.py").touch()
    second = list(after(graph, repo, train=stage))
    (repo / "contract.yaml").write_text("rollout: {autonomy: act}\n")
    third = list(after(graph, repo, train=stage))

    assert first == ["train", "register", "gate", "deploy"]
    delivered = ["package", "accept", "release_test", "release_staging"]
    assert second == ["train", "register", "gate", *delivered]
    assert third == [*second, "release_production"], "without a person only where the contract acts"


def test_a_verb_runs_in_the_environment_of_the_repo(graph: ModuleType) -> None:
    given = {"VIRTUAL_ENV": "x", "PYTHONPATH": "y", "MLFLOW_TRACKING_URI": "z"}

    assert graph.environment(given) == {"MLFLOW_TRACKING_URI": "z"}
    command = graph.command("/bin/uv", Path("/r"), ("repro", "train"))
    assert command[:5] == ["/bin/uv", "run", "--frozen", "--project", "/r"]
    assert command[-2:] == ["repro", "train"]


def test_the_reason_is_what_the_verb_said_not_what_just_adds(graph: ModuleType) -> None:
    said = [
        "gate: slices: 0.61 on carrier EV",
        "error: version 2 is refused: 1 of 20 checks failed (slices)",
        "",
        "hint: reports/gate.json holds all of them",
        "error: recipe `gate` failed on line 20 with exit code 1",
    ]

    assert graph.reason(said) == "version 2 is refused: 1 of 20 checks failed (slices)"
    assert graph.reason(["boom"]) == "boom"
    assert graph.reason([]) == "nothing was said"


def test_a_file_copied_out_of_the_repo_says_where_it_belongs(
    graph: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(graph.Unusable, match="is not in ops of a repo"):
        graph.find_repo(tmp_path / "a/b/c/pipeline.py")


def test_which_data_there_is_comes_from_its_pointer(graph: ModuleType, repo: Path) -> None:
    with pytest.raises(graph.Unusable, match=r"raw\.dvc cannot be read"):
        graph.data_version(repo)
    (repo / "data").mkdir()
    pointer = repo / "data/raw.dvc"
    pointer.write_text("outs: []\n")
    with pytest.raises(graph.Unusable, match="names no data"):
        graph.data_version(repo)
    pointer.write_text("outs: [{md5: 12ab.dir, path: raw}]\n")
    assert graph.data_version(repo) == "12ab.dir"
