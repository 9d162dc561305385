"""What ops/compose.yaml starts: known to its tools, pinned, closed, without a secret."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from parsing import parse_yaml
from rendering import LEVELS, ROOT, TASKS

SECRET = re.compile(r"\$\{\w*(PASSWORD|SECRET|TOKEN)\w*(:-|-|\})")


@pytest.fixture(scope="module")
def repo(repos: Callable[[int, str], Path]) -> Path:
    """Return a repo of the highest level."""
    return repos(max(LEVELS), TASKS[0])


@pytest.fixture(scope="module")
def compose(repo: Path) -> dict[str, Any]:
    """Return what compose.yaml says."""
    content: dict[str, Any] = parse_yaml((repo / "ops/compose.yaml").read_text(encoding="utf-8"))[0]
    return content


def lint(*command: str) -> tuple[int, str]:
    """Run a tool of this environment."""
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": str(Path(sys.executable).parent)}
    )
    return done.returncode, done.stdout + done.stderr


def follows(schema: str, *files: Path) -> tuple[int, str]:
    """Check files against a schema that check-jsonschema brings along."""
    return lint("check-jsonschema", "--builtin-schema", schema, *map(str, files))


def test_it_follows_the_compose_specification(repo: Path, tmp_path: Path) -> None:
    text = (repo / "ops/compose.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(text.replace("healthcheck:", "healthchecks:", 1), encoding="utf-8")

    assert follows("vendor.compose-spec", repo / "ops/compose.yaml") == (
        0,
        "ok -- validation done\n",
    )
    assert follows("vendor.compose-spec", wrong)[0] == 1


def test_workflows_follow_github_s_schema(repo: Path, tmp_path: Path) -> None:
    own = [*(ROOT / ".github/workflows").glob("*.yml"), *(repo / ".github/workflows").glob("*.yml")]
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(own[0].read_text(encoding="utf-8").replace("runs-on", "run-on"))

    assert follows("vendor.github-workflows", *own) == (0, "ok -- validation done\n")
    assert follows("vendor.github-workflows", wrong)[0] == 1


def test_newer_actions_are_looked_for_as_dependabot_s_schema_says(
    repo: Path, tmp_path: Path
) -> None:
    both = [folder / ".github/dependabot.yml" for folder in (ROOT, repo)]
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(both[0].read_text(encoding="utf-8").replace("monthly", "now and then"))

    code, said = follows("vendor.dependabot", *both, wrong)
    assert (code, set(re.findall(r"(?m)^ *(.+)::\$", said))) == (1, {str(wrong)}), said
    for path in both:
        updates = parse_yaml(path.read_text(encoding="utf-8"))[0]["updates"]
        (update,) = [one for one in updates if one["package-ecosystem"] == "github-actions"]
        for folder in update.get("directories", [update.get("directory")]):
            named = path.parents[1] / folder.strip("/")
            looked_at = named / ".github/workflows" if folder == "/" else named
            assert [*looked_at.glob("*.yml")] != []


def test_workflows_give_nobody_a_way_in(repo: Path, tmp_path: Path) -> None:
    own = [ROOT / ".github", repo / ".github"]
    wrong = tmp_path / "wrong.yml"
    text = (repo / ".github/workflows/check.yml").read_text(encoding="utf-8")
    command = 'run: echo "${{ github.event.pull_request.title }}"'
    wrong.write_text(text.replace("run: uv run just check", command), encoding="utf-8")
    audit = ("zizmor", "--offline", "--quiet", "--min-severity", "medium", "--no-config")

    code, said = lint(*audit, *map(str, own))
    assert code == 0, said
    code, said = lint(*audit, str(wrong))
    assert "template-injection" in said
    assert code != 0


def test_its_dockerfile_has_nothing_for_hadolint_to_say(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    built = [service["build"] for service in compose["services"].values() if "build" in service]
    (text,) = {build["dockerfile_inline"] for build in built}
    good, bad = tmp_path / "Dockerfile", tmp_path / "Dockerfile.bad"
    good.write_text(text, encoding="utf-8")
    bad.write_text(text.replace("python:3.12-slim-bookworm", "python"), encoding="utf-8")
    stages = re.findall(r"^FROM .* AS (\w+)$", text, re.MULTILINE)

    assert lint("hadolint", "--no-color", str(good)) == (0, "")
    assert "DL3006" in lint("hadolint", "--no-color", str(bad))[1]
    assert {build["target"] for build in built} < set(stages)


def test_what_the_dockerfile_copies_is_there(repo: Path, compose: dict[str, Any]) -> None:
    made_later = {"uv.lock"}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", compose["x-image"], re.MULTILINE)
    names = {name for line in copied for name in line.split()} - made_later

    assert names == {"pyproject.toml", "contract.yaml", "src"}
    assert all((repo / name).exists() for name in names)


@pytest.mark.parametrize("name", ["ops/compose.yaml", "ops/host/compose.yaml"])
def test_the_shell_that_runs_compose_fills_in_nothing_of_the_dockerfile(
    repo: Path, name: str
) -> None:
    """Compose takes `$PATH` for a variable of that shell, and `$$PATH` for the image's."""
    filled = re.compile(r"(?<!\$)(?:\$\$)*\$(?!\$)")
    text = parse_yaml((repo / name).read_text(encoding="utf-8"))[0]["x-image"]

    assert "$$PATH" in text
    assert not filled.search(text)
    assert filled.search(text.replace("$$PATH", "$PATH"))


def test_every_image_has_a_tag(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values() if "image" in service]
    images += re.findall(r"^FROM (\S+:\S+)|--from=(\S+/\S+)", compose["x-image"], re.MULTILINE)
    names = [image if isinstance(image, str) else "".join(image) for image in images]

    assert len(names) == 3
    for name in names:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", name), name


def test_only_this_machine_reaches_it(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports == ["127.0.0.1:5000:5000", "127.0.0.1:3000:3000"]
    assert "ports" not in compose["services"]["postgres"]


def test_a_password_has_no_default(repo: Path) -> None:
    text = (repo / "ops/compose.yaml").read_text(encoding="utf-8")

    assert text.count("${POSTGRES_PASSWORD:?") == 3
    assert not SECRET.search(text)
    assert SECRET.search("${POSTGRES_PASSWORD:-mlflow}")


def test_every_service_says_whether_it_is_well(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"postgres", "mlflow", "service"}
    assert all("healthcheck" in service for service in compose["services"].values())


def test_the_service_reads_the_champion_and_writes_its_log(compose: dict[str, Any]) -> None:
    service = compose["services"]["service"]
    mounts = {mount["target"]: mount for mount in service["volumes"]}
    environment = service["environment"]

    assert mounts[environment["CHAMPION_DIR"]]["read_only"] is True
    assert environment["PREDICTION_LOG"] == "/app/monitoring/predictions"
    assert not mounts["/app/monitoring"].get("read_only")


def test_what_must_stay_is_on_a_volume(compose: dict[str, Any]) -> None:
    assert set(compose["volumes"]) == {"postgres", "mlartifacts"}
    for name in compose["volumes"]:
        mounted = compose["services"]["mlflow" if name == "mlartifacts" else name]["volumes"]
        assert any(mount.startswith(f"{name}:/") for mount in mounted)
