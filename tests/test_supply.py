"""Does a new repo get its packages: the lowest that it allows, other Pythons, other indexes?"""

import re
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from first_run import run, try_to_run
from rendering import render

pytestmark = pytest.mark.e2e

FLOOR = re.compile(r"([\w-]+)(?:\[.*\])?>=([\d.]+)")


class Mirror(BaseHTTPRequestHandler):
    """An index of PEP 503, as many companies have: it says no upload times."""

    def do_GET(self) -> None:
        """Answer with the one file of a package, or with what that file needs: nothing."""
        name = self.path.rstrip("/").rpartition("/")[2]
        if name.endswith(".metadata"):
            package, version, *_ = name.split("-")
            body = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        else:
            version = FLOORS.get(name, "1")
            file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
            body = f'<a href="/files/{file}" data-dist-info-metadata="true">{file}</a>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


FLOORS: dict[str, str] = {}


@pytest.fixture
def mirror() -> Iterator[str]:
    """Return the address of an index without upload times, on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()
        thread.join()


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Path:
    """Return a fresh repo of the test's own."""
    return render(template, tmp_path / "late-flights")


def test_an_index_without_upload_times_is_explained_where_the_readme_points(
    repo: Path, mirror: str
) -> None:
    project = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))
    for group in ("serve", "mlops", "tools"):
        packages = " ".join(project["dependency-groups"][group]).replace(".yaml", "-yaml")
        FLOORS.update(FLOOR.findall(packages))
    page = (repo / "docs/handbook/troubleshooting.md").read_text(encoding="utf-8")
    told = (
        page.partition("without upload times")[2].partition("```console\n")[2].partition("```")[0]
    )
    commands = re.sub(r"^\$ ", "", told, flags=re.MULTILINE)
    index = {"UV_DEFAULT_INDEX": mirror, "UV_NO_CACHE": "1"}

    # no code of the repo runs before uv has found its packages, so the hint stands in a page
    refused = try_to_run(repo, "uv", "run", "just", "demo", **index)
    run(repo, "bash", "-euc", commands, **index)
    locked = (repo / "uv.lock").read_text(encoding="utf-8")

    assert refused.returncode
    for words in ("is missing an upload date, but user provided", "No solution found"):
        assert words in refused.stderr
        assert words in page
    assert "UV_EXCLUDE_NEWER=false" in commands
    assert f'name = "bentoml"\nversion = "{FLOORS["bentoml"]}"' in locked
    assert "troubleshooting.md" in (repo / "README.md").read_text(encoding="utf-8")


@pytest.mark.all
def test_a_repo_lives_with_the_lowest_packages_that_it_allows(repo: Path) -> None:
    lowest = {"UV_RESOLUTION": "lowest-direct"}
    done = run(repo, "uv", "run", "just", "demo", **lowest)
    tests = run(repo, "uv", "run", "just", "test-all", **lowest)
    pandas = re.search(r'name = "pandas"\nversion = "([\d.]+)"', (repo / "uv.lock").read_text())

    assert pandas
    assert f'"pandas>={pandas[1]},' in (repo / "pyproject.toml").read_text()
    assert '"model_version": "1"' in done.stdout
    assert " passed" in tests.stdout


@pytest.mark.all
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_a_repo_lives_with_every_python_that_it_allows(repo: Path, python: str) -> None:
    chosen = {"UV_PYTHON": interpreter(python)}
    done = run(repo, "uv", "run", "just", "demo", **chosen)
    run(repo, "uv", "run", "just", "check", **chosen)
    tests = run(repo, "uv", "run", "just", "test-all", **chosen)
    manifest = (repo / "models/candidate/manifest.json").read_text(encoding="utf-8")

    assert f'"python": "{python}.' in manifest
    assert '"model_version": "1"' in done.stdout
    assert " passed" in tests.stdout


def interpreter(version: str) -> str:
    """Return a Python that pyenv has and does not show, or the version, for uv to find."""
    found = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else version
