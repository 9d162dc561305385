# The template's. Overlays of yours are tested beside this folder.
"""What a cluster is given says what the contract says, and names nothing that may change."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ..fixtures import ROOT, Repo
from ..package import manifests, paths

IMAGE = "registry.example.com/models/late:1-813a95cbf358"
DEPLOYMENT = manifests.TARGET / "base/deployment.yaml"


@pytest.fixture
def cluster(own_repo: Repo) -> Repo:
    """Return a repo with a champion and the sources of the manifests."""
    shutil.copytree(ROOT / manifests.SOURCE, own_repo.folder / manifests.SOURCE)
    return own_repo


def written(repo: Repo, path: Path) -> Any:
    """Return what a written manifest holds."""
    return YAML(typ="safe").load(repo.folder / path)


def test_the_pods_get_the_contract_s_memory_and_accept_the_champion_alone(cluster: Repo) -> None:
    cluster.change(paths.CONTRACT, "service", "memory_mb", to=1234.5)

    said = cluster.must("manifests", "--image", IMAGE).err

    pointer = cluster.read(paths.CHAMPION / "pointer.json")
    pod = written(cluster, DEPLOYMENT)["spec"]["template"]["spec"]
    (place,), (service,) = pod["initContainers"], pod["containers"]
    assert place["image"] == service["image"] == IMAGE
    assert {"name": "MODEL_SHA256", "value": pointer["model_sha256"]} in place["env"]
    assert service["resources"]["limits"]["memory"] == "1235Mi"
    assert "build/kubernetes, overlays production, staging, test" in said


def test_every_file_that_is_named_is_there_and_nothing_is_left_to_fill_in(cluster: Repo) -> None:
    cluster.must("manifests", "--image", IMAGE)

    for path in (cluster.folder / manifests.TARGET).rglob("*.yaml"):
        content = written(cluster, path)
        assert "$" not in path.read_text(), path
        for name in content.get("resources", []) if content["kind"] == "Kustomization" else []:
            assert (path.parent / name).exists(), name


@pytest.mark.parametrize(
    "image",
    ["late", "late:latest", "registry:5000/late", "late@sha256:12", "Late:1", "late:1 --x", ""],
)
def test_an_image_that_may_change_is_refused_and_nothing_is_written(
    cluster: Repo, image: str
) -> None:
    done = cluster.run("manifests", "--image", image)

    assert done.code == 2
    assert "expected a tag other than latest, or a digest" in done.err
    assert not (cluster.folder / manifests.TARGET).exists()


@pytest.mark.parametrize(
    "image", [IMAGE, f"late@sha256:{'0' * 64}", f"r:5/a/b:1@sha256:{'a' * 64}"]
)
def test_an_image_that_names_its_content_is_taken(image: str) -> None:
    assert manifests.require_pinned(image) == image


def test_what_was_packaged_goes_before_the_champion(cluster: Repo) -> None:
    package = cluster.folder / manifests.PACKAGED
    package.parent.mkdir(parents=True)
    package.write_text(json.dumps({"version": "7", "model_sha256": "f" * 64}))
    cluster.must("manifests", "--image", IMAGE)
    labels = written(cluster, DEPLOYMENT)["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/version"] == "7"

    package.write_text(json.dumps({"version": None, "model_sha256": "f" * 64}))
    done = cluster.run("manifests", "--image", IMAGE)
    assert (done.code, "a model of the sample" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [("a: $UNKNOWN\n", "UNKNOWN"), ("a: [\n", "cannot be filled in"), ("- a\n", "is no mapping")],
)
def test_a_source_that_cannot_be_used_is_named_and_the_files_before_stay(
    cluster: Repo, text: str, told: str
) -> None:
    cluster.must("manifests", "--image", IMAGE)
    before = (cluster.folder / DEPLOYMENT).read_bytes()
    (cluster.folder / manifests.SOURCE / "base/ours.yaml").write_text(text)

    done = cluster.run("manifests", "--image", "late:2")

    assert done.code == 2
    assert "ops/kubernetes/base/ours.yaml" in done.err
    assert told in done.err
    assert "\n" not in done.err.partition("\n\n")[0].strip()
    assert (cluster.folder / DEPLOYMENT).read_bytes() == before


def test_without_a_champion_there_is_nothing_to_write(cluster: Repo) -> None:
    (cluster.folder / paths.CHAMPION / "pointer.json").unlink()

    assert cluster.run("manifests", "--image", IMAGE).code == 2
