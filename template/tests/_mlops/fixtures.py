# The template's. Fixtures of yours go into tests/conftest.py.
"""A repo to try commands in, and a running service: made once, shared by all tests."""

import io
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from ruamel.yaml import YAML
from threadpoolctl import threadpool_limits

from .package import (
    artifact,
    cli,
    config,
    data,
    interface,
    local_service,
    model,
    paths,
    schema,
    tables,
    validation,
)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSIONED = (
    ".gitignore",
    ".pre-commit-config.yaml",
    "contract.yaml",
    "dvc.yaml",
    "params.yaml",
    "pyproject.toml",
    "src",
    "uv.lock",
)
DVC_CONFIG = """\
[core]
    check_update = false
    remote = storage
['remote "storage"']
    url = remote
"""
GIT_CONFIG = """\
[user]
    name = Test
    email = test@example.com
[commit]
    gpgSign = false
"""
# the service closes a line that was idle for 5 seconds; a client that waits as long may use it then
LIMITS = httpx.Limits(keepalive_expiry=2)
FOREIGN = (
    "ALERT_",
    "BENTOML_",
    "CHAMPION_",
    "CI_",  # a token of GitLab would start a training from a test
    "DVC_",
    "GITHUB_",
    "GITLAB_",
    "GIT_",
    "METRICS_",
    "MLFLOW_",
    "PREDICTION_",
    "PROXY_",
    "SERVICE_",
    "STEP_",
    "TLS_",
)


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks of those tests for which nobody should wait who changed a line."""
    config.addinivalue_line("markers", "slow: takes long; `just test-all` and CI run it")
    config.addinivalue_line(
        "markers", "command: of what the template does, not of your files; likewise"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the template's tests that run its commands in a repo made for them."""
    for item in items:
        if "repo" in getattr(item, "fixturenames", ()) and HERE in item.path.parents:
            item.add_marker("command")


def pytest_sessionstart() -> None:
    """Refuse to test another repo: scripts of a copied .venv start the Python of the original."""
    tested = Path(str(schema.__file__)).resolve().parents[2]
    if tested != ROOT.resolve() and (tested / paths.CONTRACT).is_file():
        pytest.exit(
            f"error: `pytest` runs the code of {tested}, not of {ROOT}\n\nhint: uv run just set-up",
            returncode=2,
        )


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Repo:
    """A folder in which commands run as they do in yours, typed in its root or below it."""

    folder: Path
    typed_in: Path = Path()

    def run(self, *arguments: object) -> Done:
        """Run a command in this process: starting one and importing MLflow takes seconds."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            pytest.MonkeyPatch.context() as patch,
            chdir(self.folder / self.typed_in),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            patch.setenv("CHAMPION_DIR", str(self.folder / paths.CHAMPION))
            try:
                cli.main([str(argument) for argument in arguments])
            except SystemExit as end:
                code = int(end.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def must(self, *arguments: object) -> Done:
        """Run a command that has to succeed."""
        done = self.run(*arguments)
        assert done.code == 0, done.err
        return done

    def git(self, *arguments: str) -> str:
        """Return what git prints."""
        command = ["git", *arguments]
        return subprocess.check_output(command, cwd=self.folder, text=True).strip()

    def read(self, path: Path) -> Any:
        """Return what a JSON file holds."""
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def change(self, path: Path, *keys: str, to: object) -> None:
        """Set one value of a YAML file."""
        yaml = YAML()
        content = yaml.load(self.folder / path)
        part = content
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = to
        yaml.dump(content, self.folder / path)

    def copy(self, folder: Path) -> "Repo":
        """Return a copy in a new folder, free to change."""
        return Repo(shutil.copytree(self.folder, folder, symlinks=True))

    def files(self) -> set[str]:
        """Return the names of all files outside git's and DVC's own folders."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*"))
        return {
            str(path)
            for path in found
            if path.parts[0] not in (".git", ".dvc", ".evidence", "mlruns")
        }


def rewrite(path: Path, **changes: object) -> None:
    """Change entries of a JSON file."""
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(content), encoding="utf-8")


def another_model(repo: Repo) -> None:
    """Make the candidate another model, which predicts the same."""
    model = repo.folder / paths.CANDIDATE / artifact.MODEL
    with model.open("ab") as file:  # skops reads past it
        file.write(b"\0")
    digest = artifact.sha256(model)
    rewrite(model.with_name(artifact.MANIFEST), model_sha256=digest)
    rewrite(repo.folder / paths.METRICS, model_sha256=digest)


class StandIn(BaseHTTPRequestHandler):
    """Answers in the place of a server that others run, and prints nothing."""

    def do_GET(self) -> None:
        """Take a request of either kind."""
        self.respond()

    do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server calls

    def respond(self) -> None:
        """Answer one request."""
        raise NotImplementedError

    def body(self) -> bytes:
        """Return what was sent."""
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def answer(self, content: bytes = b"", status: int = 200, kind: str = "text/plain") -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def standing_in(kind: type[StandIn], **known: Any) -> Iterator[Any]:
    """Run a server on a free port of this machine; it has what is `known` and its `address`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        vars(server).update(known, address=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Killed(BaseException):
    """A command ends where no part of it can answer."""


@contextmanager
def killing(module: Any, name: str) -> Iterator[None]:
    """Let a command end where it would call a function, and expect that it does."""

    def end(*arguments: object, **options: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, end)
        with pytest.raises(Killed):
            yield


@pytest.fixture(scope="session", autouse=True)
def nothing_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide addresses, identities and caches that belong to whoever runs the tests."""
    own = tmp_path_factory.mktemp("machine")
    (own / "gitconfig").write_text(GIT_CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            patch.delenv(name)
        for switch in cli.QUIET:
            patch.setenv(switch, "true")
        for kind in ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE"):
            patch.setenv(f"DVC_{kind}_DIR", str(own / "dvc"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(own / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("BENTOML_HOME", str(own / "bentoml"))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("PREDICTION_LOG", str(own / "predictions"))
        with threadpool_limits(1):  # on a few hundred rows, threads wait more than they work
            yield


@pytest.fixture(scope="session")
def sample() -> pd.DataFrame:
    """Return the sample with the schema's types; copy it before you change it."""
    return tables.read(ROOT / paths.SAMPLE, schema, data)


@pytest.fixture(scope="session")
def known(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the sample as it is known at the prediction moment."""
    return tables.known_rows(sample, schema)


@pytest.fixture(scope="session")
def params() -> interface.Section:
    """Return section `train` of params.yaml."""
    with chdir(ROOT):
        return config.train_params(config.load_params(), model)


@pytest.fixture(scope="session")
def broken_columns() -> Callable[[pd.DataFrame], list[str]]:
    """Return a function that names the columns of a table that break the schema."""
    return lambda rows: [problem["column"] for problem in validation.check(rows)]


def fresh_repo(folder: Path) -> Repo:
    """Make a folder that holds what a new copy of this repo holds, with the sample as its data."""
    folder.mkdir(parents=True)
    for name in VERSIONED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for cache in (folder / "src").rglob("__pycache__"):
        shutil.rmtree(cache)
    for name in (paths.RAW, paths.SAMPLE.parent, Path(".dvc")):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / paths.SAMPLE, folder / paths.SAMPLE)
    shutil.copy(ROOT / paths.SAMPLE, folder / paths.RAW)
    (folder / ".dvc" / "config").write_text(DVC_CONFIG, encoding="utf-8")
    shutil.copy(ROOT / ".dvc" / ".gitignore", folder / ".dvc")
    return Repo(folder)


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a repo whose pipeline ran on the sample, with version 1 as its champion; read only."""
    made = fresh_repo(tmp_path_factory.mktemp("repo") / "work")
    for stage in ("set-up", "validate", "featurize", "train", "evaluate", "register"):
        made.must(stage)
    # whether the model beats the baselines is for tests/test_model.py to say
    made.must("promote", "--force", "a model of the sample")
    made.git("repack", "-a", "-d", "--quiet")  # the tests copy it, and a pack is two files
    return made


@pytest.fixture
def own_repo(repo: Repo, tmp_path: Path) -> Repo:
    """Return a copy of `repo`, free to change."""
    return repo.copy(tmp_path / "own")


def nearly(predictions: list[Any]) -> Any:
    """Return what equals predictions: labels alike, numbers but for their last bits.

    A linear model may sum a row otherwise when it stands among others.
    """
    labels = all(isinstance(one, str) for one in predictions)
    return predictions if labels else pytest.approx(predictions, rel=1e-9)


@pytest.fixture(scope="session")
def service(repo: Repo) -> Iterator[httpx.Client]:
    """Return a client of the running service, which answers by `repo`'s champion."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))
        with (
            chdir(repo.folder),
            local_service.running_service() as address,
            httpx.Client(base_url=address, timeout=30, limits=LIMITS) as client,
        ):
            yield client
