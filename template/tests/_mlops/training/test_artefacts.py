# The template's. Stages of yours stand in dvc.yaml.
"""Each component makes its artefact: what dvc.yaml promises, and what follows the graph."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ..fixtures import ROOT, Repo
from ..package import artifact, paths

KINDS = ("outs", "metrics", "plots")


def promised() -> dict[str, list[Path]]:
    """Return the files and folders that each stage of dvc.yaml promises."""
    stages = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
    return {
        name: [Path(path_of(out)) for kind in KINDS for out in stage.get(kind, [])]
        for name, stage in stages.items()
    }


def path_of(out: Any) -> str:
    """Return the path of an output, which may carry settings of its own."""
    return out if isinstance(out, str) else next(iter(out))


def missing(folder: Path, artefacts: list[Path]) -> list[str]:
    """Name the artefacts that are not there, or empty."""
    return [str(path) for path in artefacts if not size(folder / path)]


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


AFTER = {
    "register": [
        paths.REGISTERED,
        paths.REGISTERED.with_suffix(".dvc"),
        Path("mlflow.db"),
    ],
    "promote": [
        paths.CHAMPION / artifact.POINTER,
        paths.CHAMPION.with_suffix(".dvc"),
        paths.JOURNAL,
    ],
}
ALL = promised() | AFTER


def test_every_stage_promises_something() -> None:
    assert all(ALL.values()), ALL
    assert set(ALL) >= {"validate", "featurize", "train", "evaluate"}


@pytest.mark.parametrize("stage", [name for name in ALL if name in AFTER or ALL[name]])
def test_each_component_leaves_its_artefact(stage: str, repo: Repo) -> None:
    ours = {"validate", "featurize", "train", "evaluate", *AFTER}
    if stage not in ours:
        pytest.skip(f"{stage} is a stage of yours: `repo` runs the template's")

    assert missing(repo.folder, ALL[stage]) == []


@pytest.mark.parametrize("stage", ["validate", "featurize", "train", "evaluate"])
def test_a_stage_makes_its_artefact_anew_when_it_is_gone(stage: str, own_repo: Repo) -> None:
    for path in ALL[stage]:
        for file in sorted((own_repo.folder / path).rglob("*")) or [own_repo.folder / path]:
            file.unlink()
    gone = missing(own_repo.folder, ALL[stage])
    own_repo.must(stage)

    assert gone == [str(path) for path in ALL[stage]]
    assert missing(own_repo.folder, ALL[stage]) == []


def test_an_artefact_that_is_empty_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "full").write_text("something")

    assert missing(tmp_path, [Path("empty"), Path("folder"), Path("full"), Path("none")]) == [
        "empty",
        "folder",
        "none",
    ]


def test_the_model_is_stored_with_its_record(repo: Repo) -> None:
    assert (
        missing(repo.folder / paths.CANDIDATE, [Path(artifact.MODEL), Path(artifact.MANIFEST)])
        == []
    )
