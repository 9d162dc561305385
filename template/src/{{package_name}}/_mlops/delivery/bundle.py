# The template's. What your service needs goes into bentofile.yaml's seeds: src, contract.yaml.
"""What is delivered: one folder with the Bento, its container file and the sums of both."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .. import paths
from ..errors import OutsideFailed, Refused, WrongInput, cause_of
from ..files import read_json, sha256, whole_folder, write_json
from ..registry import versions
from ..tracking import artifact

PACKAGE = Path("build/package")
REQUIREMENTS = Path("build/requirements.txt")
BENTO, RECORD, SUMS = Path("bento"), Path("package.json"), Path("SHA256SUMS")
CONTEXT = ("bentofile.yaml", str(paths.CONTRACT))
DOCKERFILE = BENTO / "env/docker/Dockerfile"
LOCKED = BENTO / "env/python/requirements.txt"
SMOKE = "smoke"  # what a model of the sample answers as its version

# said about lines that BentoML writes into each container file: `&>` and a high user id in what
# it runs once, packages of Debian without a version, a pipe in the check of uv's own version
BENTOML_S_OWN = ("SC3020", "DL3008", "DL3009", "DL3046", "DL3066", "DL4006")


@dataclass(frozen=True)
class Package:
    """What lies in build/package.

    Args:
        version: As registered; nothing when the model was made of the sample.
        model_sha256: Of the model's file.
        features_sha256: Of the code that makes features.
        commit: That the model was trained at.
        python: Version that it was built with, such as 3.12.
        requires_python: What pyproject.toml asks for.
        bento: Its tag.
    """

    version: str | None
    model_sha256: str
    features_sha256: str
    commit: str
    python: str
    requires_python: str
    bento: str

    @property
    def model(self) -> Path:
        """Where the model, its manifest and its evaluation are."""
        return PACKAGE / champions(BENTO) / self.model_sha256

    @property
    def name(self) -> str:
        """How people call it."""
        return f"version {self.version}" if self.version else "a model of the sample (smoke only)"


def champions(bento: Path) -> Path:
    """Return the folder of a Bento in which its service looks for the champion."""
    return bento / "src" / paths.CHAMPION


def read() -> Package:
    """Return what was packaged; `WrongInput` when nothing was, or its record is damaged."""
    if not (PACKAGE / RECORD).is_file():
        raise WrongInput(f"{PACKAGE} holds no package", "uv run just package makes one")
    kinds = {"version": object, "*": str}  # a model of the sample has no version
    found = read_json(PACKAGE / RECORD, "uv run just package", kinds=kinds)
    return Package(**{one.name: found[one.name] for one in fields(Package)})


def lay_out(
    version: str | None,
    source: Path,
    evaluation: dict[str, Any],
    root: Path | None = None,
) -> Package:
    """Build the Bento of a model in build/package, whole or not at all.

    Args:
        version: As registered; nothing for a model of the sample.
        source: Folder with the model and its manifest.
        evaluation: What `evaluate` found about it.
        root: Folder of the code, by default this one.

    Raises:
        WrongInput: If the locked packages were not exported before.
        Refused: If hadolint rejects the container file.
        OutsideFailed: If BentoML cannot build.
    """
    root = root or Path.cwd()
    if not REQUIREMENTS.is_file():
        raise WrongInput(f"{REQUIREMENTS} does not exist", "uv run just package exports it first")
    manifest = artifact.read_manifest(source)
    digest = manifest["model_sha256"]
    # not in the package's own folder: until that is whole its name has a dot, and BentoML reads
    # no hidden files
    with whole_folder(PACKAGE) as part, tempfile.TemporaryDirectory(prefix="package-") as name:
        context = Path(name, "context")
        collect(context, root)
        versions.store(source, context / paths.CHAMPION / digest, evaluation=evaluation)
        pointer = {"version": version or SMOKE, "model_sha256": digest}
        artifact.write_pointer(context / paths.CHAMPION, pointer)
        tag = build(context, part / BENTO, f"{version or SMOKE}-{digest[:12]}")
        lint(part / DOCKERFILE)
        made = Package(
            version=version,
            model_sha256=digest,
            features_sha256=manifest["features_sha256"],
            commit=manifest["commit"],
            python=platform.python_version().rpartition(".")[0],
            requires_python=requires_python(root),
            bento=tag,
        )
        write_json(part / RECORD, asdict(made))
        (part / SUMS).write_text(sums(part), encoding="utf-8")
    return made


def collect(context: Path, root: Path) -> None:
    """Copy what bentofile.yaml asks for, but for the champion."""
    shutil.copytree(root / "src", context / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in CONTEXT:
        shutil.copy(root / name, context)
    (context / REQUIREMENTS).parent.mkdir()
    shutil.copy(REQUIREMENTS, context / REQUIREMENTS)


def build(context: Path, destination: Path, version: str) -> str:
    """Build a Bento from a folder into another and return its tag."""
    home = context.with_name("home")
    command = [sys.executable, "-m", "bentoml", "build", "--version", version]
    environment = {name: text for name, text in os.environ.items() if name != "CHAMPION_DIR"}
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:  # BentoML would install one into this environment
        raise OutsideFailed(
            "bentoml build needs uv, which PATH does not name", "add uv's folder to PATH"
        )
    path = os.pathsep.join([str(Path(uv).parent), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        [*command, "--output", "tag"],
        cwd=context,
        env={**environment, "BENTOML_HOME": str(home), "PATH": path},
        capture_output=True,
        text=True,
    )
    found = list(home.glob("bentos/*/*/bento.yaml"))
    if done.returncode or len(found) != 1:
        words = cause_of(done.stderr or done.stdout)
        raise OutsideFailed(f"bentoml build failed: {words}", "uv run just build says more")
    folder = found[0].parent
    shutil.copytree(folder, destination)
    return f"{folder.parent.name}:{folder.name}"


def lint(dockerfile: Path) -> None:
    """Raise `Refused` when hadolint finds more than BentoML's own habits in a container file."""
    ignored = [part for rule in BENTOML_S_OWN for part in ("--ignore", rule)]
    tool = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [str(tool), "--no-color", *ignored, str(dockerfile)], capture_output=True, text=True
    )
    if done.returncode:
        said = (done.stdout or done.stderr).strip().splitlines()
        lines = [line.partition("Dockerfile:")[2] or line for line in said]
        raise Refused(
            "the container file: line " + "; line ".join(lines), "bentofile.yaml makes it"
        )


def requires_python(root: Path) -> str:
    """Return the Pythons that pyproject.toml allows."""
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["requires-python"])


def sums(folder: Path) -> str:
    """Return a line for each file, as `sha256sum --check` reads it."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256(folder / path)}  {path}\n" for path in files if path != SUMS)


def changed() -> list[str]:
    """Name the files of the package that are not as they were made: other, more or gone."""
    written = (PACKAGE / SUMS).read_text("utf-8", "replace") if (PACKAGE / SUMS).is_file() else ""
    differ = set(written.splitlines()) ^ set(sums(PACKAGE).splitlines())
    return sorted({line.partition("  ")[2] for line in differ})
