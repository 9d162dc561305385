"""What a cluster would be given: by strict schemas, by rules of a careful platform, composed."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from rendering import ROOT

SOURCE = ROOT / "template/ops/kubernetes"
OVERLAYS = sorted(path.name for path in (SOURCE / "overlays").iterdir())
VALUES = {
    "NAME": "late-flights",
    "PACKAGE": "late_flights",
    "IMAGE": "registry.example.com/late:1-813a95cbf358",
    "VERSION": "1",
    "MODEL_SHA256": "8" * 64,  # digits alone: a number, where nobody quotes it
    "MEMORY": "1500Mi",
    "MODEL_SPACE": "116Mi",
}
VERSIONS = ("1.29", "1.37")
Manifest = dict[str, Any]


@cache
def read(path: Path) -> Manifest:
    """Return a manifest with its names filled in."""
    content: Manifest = yaml.safe_load(Template(path.read_text("utf-8")).substitute(VALUES))
    return content


def merged(base: Any, patch: Any) -> Any:
    """Return a value with a patch over it, as a merge patch does it."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    return base | {key: merged(base.get(key), value) for key, value in patch.items()}


def composed(overlay: str) -> list[Manifest]:
    """Return what an overlay gives: the little of kustomize that is used here."""
    folder = SOURCE / "overlays" / overlay
    asked = read(folder / "kustomization.yaml")
    base = folder / asked["resources"][0]
    found = [read(base / name) for name in read(base / "kustomization.yaml")["resources"]]
    for patch in (read(folder / one["path"]) for one in asked["patches"]):
        found = [merged(one, patch) if one["kind"] == patch["kind"] else one for one in found]
    namespace = {"metadata": {"namespace": asked["namespace"]}}
    return [merged(one, namespace) for one in found]


def containers(manifests: list[Manifest]) -> Iterator[Manifest]:
    for one in manifests:
        pod = one["spec"]["template"]["spec"] if one["kind"] == "Deployment" else {}
        yield from [*pod.get("initContainers", []), *pod.get("containers", [])]


def broken_rules(manifests: list[Manifest]) -> list[str]:
    """Name what a careful platform would refuse."""
    kinds = {one["kind"] for one in manifests}
    needed = {"PodDisruptionBudget", "NetworkPolicy", "HorizontalPodAutoscaler"}
    found = [f"no {kind}" for kind in sorted(needed - kinds)]
    for one in manifests:
        if one["kind"] == "Deployment":
            pod = one["spec"]["template"]["spec"]
            if not pod["securityContext"].get("runAsNonRoot"):
                found.append("may run as root")
            if pod["securityContext"].get("seccompProfile") != {"type": "RuntimeDefault"}:
                found.append("any system call")
            if pod.get("automountServiceAccountToken") is not False:
                found.append("holds a token of the cluster")
            if any("hostPath" in volume for volume in pod["volumes"]):
                found.append("sees the node's files")
            if "readinessProbe" not in pod["containers"][0]:
                found.append("never known to be ready")
    for one in containers(manifests):
        name, image, security = one["name"], one["image"], one["securityContext"]
        if image.endswith(":latest") or not {":", "@"} & set(image.rpartition("/")[2]):
            found.append(f"{name}: image {image} may change")
        if not one.get("resources", {}).get("limits", {}).keys() >= {"cpu", "memory"}:
            found.append(f"{name}: no limits")
        if not security.get("readOnlyRootFilesystem"):
            found.append(f"{name}: writes to its image")
        if security.get("allowPrivilegeEscalation") is not False:
            found.append(f"{name}: may gain rights")
        if security.get("capabilities") != {"drop": ["ALL"]}:
            found.append(f"{name}: keeps capabilities")
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_is_one_of_kubernetes(overlay: str, version: str) -> None:
    for one in composed(overlay):
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("Deployment", {"spec": {"replicsa": 3}}),
        ("HorizontalPodAutoscaler", {"spec": {"minReplicas": "two"}}),
    ],
)
def test_a_misspelt_manifest_is_refused(kind: str, patch: Manifest) -> None:
    one = merged(next(one for one in composed("test") if one["kind"] == kind), patch)

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(one, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_careful_platform_takes_every_overlay(overlay: str) -> None:
    assert broken_rules(composed(overlay)) == []


POD = ("spec", "template", "spec")


def edit(manifests: list[Manifest], kind: str, keys: tuple[str | int, ...], value: Any) -> None:
    part: Any = next(one for one in manifests if one["kind"] == kind)
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        ((*POD, "securityContext", "runAsNonRoot"), False, "may run as root"),
        ((*POD, "automountServiceAccountToken"), True, "holds a token of the cluster"),
        ((*POD, "containers", 0, "image"), "late:latest", "service: image late:latest may change"),
        ((*POD, "containers", 0, "image"), "r:5000/late", "service: image r:5000/late may change"),
        ((*POD, "containers", 0, "resources"), {}, "service: no limits"),
        ((*POD, "containers", 0, "securityContext"), {}, "service: writes to its image"),
    ],
)
def test_what_a_careful_platform_refuses_is_named(
    keys: tuple[str | int, ...], value: Any, told: str
) -> None:
    manifests: list[Manifest] = yaml.safe_load(yaml.safe_dump(composed("production")))
    edit(manifests, "Deployment", keys, value)

    assert told in broken_rules(manifests)


def test_an_environment_differs_from_the_others_in_its_namespace_and_its_size_alone() -> None:
    def without(overlay: str) -> list[Manifest]:
        found = yaml.safe_load(yaml.safe_dump(composed(overlay)))
        for one in found:
            assert one["metadata"].pop("namespace") == f"late-flights-{overlay}"
            for key in ("minReplicas", "maxReplicas"):
                one["spec"].pop(key, None) if "spec" in one else None
        return list(found)

    assert without("test") == without("staging") == without("production")


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.all
def test_kustomize_gives_the_same(overlay: str, tmp_path: Path) -> None:
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed: apt-get install kubernetes-client")
    for path in SOURCE.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(yaml.safe_dump(read(path)), encoding="utf-8")

    command = ["kubectl", "kustomize", str(tmp_path / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    by_name = {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}
    assert by_name == {one["kind"]: one for one in composed(overlay)}
