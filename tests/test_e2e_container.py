"""The image of a Bento is built on a Debian made here, started, and asked for a prediction."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from first_run import FirstRuns, copied, patient, run, try_to_run
from postgres import free_port
from rendering import TASKS, git, once, update

NEEDED = ("buildah", "debootstrap")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.all,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(map(shutil.which, NEEDED)),
        reason="as root, on Debian: apt-get install buildah debootstrap",
    ),
]

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGES = "python3,python3-venv,ca-certificates"
BASE = "localhost/debian-python"
IMAGE = "localhost/late:1.4"
PATIENCE = 300
ROW = """\
import json, pandas as pd
from late_flights import schema
from late_flights._mlops.data import tables
rows = tables.known_rows(pd.read_parquet("tests/data/sample.parquet").head(1), schema)
print(json.dumps({"rows": tables.as_records(tables.conform(rows, tables.known_columns(schema)))}))
"""


@dataclass(frozen=True)
class Builder:
    """A store of images of its own; steps run in a chroot, without other isolation."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return what leads buildah there."""
        return {
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }

    def __call__(self, *words: str) -> str:
        """Run buildah and return what it printed."""
        return run(self.folder, "buildah", *words, **self.variables).stdout.strip()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    folder = tmp_path_factory.mktemp("store")
    lines = ["[storage]", 'driver = "vfs"', f'graphroot = "{folder}/root"']
    lines += [f'runroot = "{folder}/run"', ""]
    (folder / "storage.conf").write_text("\n".join(lines))
    return Builder(folder)


@pytest.fixture(scope="module")
def base(builder: Builder, shared: Path) -> str:
    """Return a Debian with Python, by its digest."""

    def bootstrap(folder: Path) -> None:
        words = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm"]
        subprocess.run([*words, str(folder)], check=True, capture_output=True)
        # what this machine trusts, for pip to reach an index behind a proxy
        shutil.copy(CERTIFICATES, folder / CERTIFICATES.relative_to("/"))

    debian = once(shared / "debian", bootstrap)
    made = builder("from", "scratch")
    builder("add", "--quiet", made, str(debian), "/")
    builder("config", "--env", f"PIP_CERT={CERTIFICATES}", made)
    builder("commit", "--quiet", "--rm", made, f"{BASE}:1")
    digest = builder("images", "--digests", "--format", "{{.Digest}}", f"{BASE}:1")
    return f"{BASE}@{digest}"


@pytest.fixture(scope="module")
def repo(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo after its demo that was given the extra, with a Bento."""
    made = copied(first_runs(TASKS[0]).repo, tmp_path_factory.mktemp("image") / "late-flights")
    patient(made)
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--no-verify", "--message", "First model")
    update(made, "HEAD", maturity_level=1, extras=["container"])
    run(made, "uv", "lock")
    run(made, "uv", "run", "just", "build")
    return made


@pytest.fixture(scope="module")
def container(builder: Builder, repo: Path, base: str) -> Iterator[str]:
    """Build the image by the recipe; return a container of it."""
    words = ("uv", "run", "just", "image", "--base", base, "--tag", IMAGE, "--builder", "buildah")
    done = run(repo, *words, **builder.variables)
    assert f"image: {IMAGE} on {base}" in done.stderr
    made = builder("from", IMAGE)
    yield made
    builder("rm", made)


def test_the_image_has_no_root_no_compiler_and_code_that_it_cannot_change(
    builder: Builder, container: str
) -> None:
    found = builder("run", container, "--", "sh", "-c", "id -u; command -v gcc pip git; true")
    refused = try_to_run(
        builder.folder, "buildah", "run", container, "--", "touch", "x", **builder.variables
    )

    assert found.splitlines() == ["1034"]
    assert refused.returncode
    assert "Permission denied" in refused.stderr


def test_a_started_image_answers_as_the_repo_does(
    builder: Builder, container: str, repo: Path
) -> None:
    port = str(free_port())
    given = run(repo, "uv", "run", "python", "-c", ROW).stdout.encode()
    serve = ["bentoml", "serve", ".", "--host", "127.0.0.1", "--port", port]
    command = ["buildah", "run", container, "--", *serve]
    process = subprocess.Popen(
        command, env={**os.environ, **builder.variables}, start_new_session=True
    )
    try:
        ready(f"http://127.0.0.1:{port}/readyz")
        answer = json.loads(asked(f"http://127.0.0.1:{port}/predict", given))
    finally:
        # what runs in the container has a session of its own, which outlives buildah
        started = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        for one in psutil.wait_procs(started, timeout=10)[1]:
            one.kill()

    champion = json.loads((repo / "models/champion/pointer.json").read_text(encoding="utf-8"))
    assert answer["model_version"] == champion["version"]
    assert len(answer["predictions"]) == 1


def ready(address: str) -> None:
    """Wait until the champion is loaded."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            asked(address)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
        else:
            return
    pytest.fail(f"{address} did not say yes in {PATIENCE} s")


def asked(address: str, content: bytes | None = None) -> bytes:
    """Return the answer of a service."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, content, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        body: bytes = answer.read()
    return body
