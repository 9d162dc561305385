"""A repo of each level with the extra: its own tests, its manifests, and what kustomize makes."""

import shutil
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from first_run import FirstRuns, copied, run
from rendering import LOWEST, render
from test_kubernetes import VERSIONS, broken_rules

pytestmark = [pytest.mark.e2e, pytest.mark.all]

IMAGE = "registry.example.com/late:1-813a95cbf358"
OWN = ["project/test_manifests.py", "serving/test_place_champion.py"]
OF_KUBERNETES = "k8s.io"


@pytest.fixture(scope="module", params=[LOWEST["kubernetes"], 2])
def repo(
    request: pytest.FixtureRequest,
    template: Path,
    first_runs: FirstRuns,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a repo of each level that can have it, with the champion of the first demo."""
    folder = tmp_path_factory.mktemp("kubernetes") / "late-flights"
    made = render(template, folder, maturity_level=request.param, extras=["kubernetes"])
    first_runs.equip(made)
    copied(first_runs("classification").repo / "models", made / "models")
    run(made, "uv", "run", "just", "set-up")
    return made


def test_its_own_tests_and_checks_pass(repo: Path) -> None:
    argo = repo / "tests/_mlops/delivery/test_argo.py"
    tests = [f"tests/_mlops/{name}" for name in OWN] + ([str(argo)] if argo.exists() else [])

    said = run(repo, "uv", "run", "just", "test-all", *tests).stdout

    assert " passed" in said
    assert " skipped" not in said or not shutil.which("promtool")
    run(repo, "uv", "run", "just", "check")


def test_kustomize_composes_what_kubernetes_takes(repo: Path) -> None:
    run(repo, "uv", "run", "just", "manifests", "--image", IMAGE)
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed: apt-get install kubernetes-client")

    for overlay in ("test", "staging", "production"):
        said = run(repo, "kubectl", "kustomize", f"build/kubernetes/overlays/{overlay}").stdout
        manifests = list(yaml.safe_load_all(said))
        assert broken_rules(manifests) == []
        known = [one for one in manifests if "." not in one["apiVersion"].partition("/")[0]]
        known += [one for one in manifests if OF_KUBERNETES in one["apiVersion"]]
        for one in known:
            if not one["apiVersion"].startswith("gateway."):
                kubernetes_validate.validate(one, VERSIONS[-1], strict=True)
