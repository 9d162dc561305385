# The template's. What an image stands on is yours: --base; another file of it is a file of yours.
"""Build a lean image of the Bento."""

import re
import shutil
import subprocess
from pathlib import Path

import click

from .. import PROJECT
from ..errors import OutsideFailed, WrongInput

SOURCE = Path("ops/container/Containerfile")
PACKAGED = Path("build/package/bento")  # at level 2, what was accepted
BUILT = Path(".bentoml/bentos") / PROJECT
BUILDERS = ("docker", "podman", "buildah")
BASE = re.compile(r"[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}")
TAG = re.compile(r"[a-z0-9][\w./:-]*:(?!latest$)[\w][\w.-]{0,127}")


@click.command()
@click.option("--base", required=True, metavar="IMAGE", help="With Python, named by its digest.")
@click.option("--tag", metavar="IMAGE", help="What it is called; by default as the Bento.")
@click.option("--builder", type=click.Choice(BUILDERS), help="By default the first one there is.")
def command(base: str, tag: str | None, builder: str | None) -> None:
    """Build the image of the Bento by docker, podman or buildah.

    Locked packages from wheels, verified by their hashes; no compiler, and a user without rights.
    """
    if not BASE.fullmatch(base):
        message = f"--base is {base!r}; expected a digest, as in python:3.12-slim@sha256:…"
        raise WrongInput(message, "docker buildx imagetools inspect IMAGE shows it")
    folder = bento()
    name = tag or f"{PROJECT}:{version(folder)}"
    if not TAG.fullmatch(name):
        raise WrongInput(f"--tag is {name!r}; expected a tag other than latest")
    wanted = (builder,) if builder else BUILDERS
    program = next((found for one in wanted if (found := shutil.which(one))), None)
    if not program:
        raise WrongInput(f"none of {', '.join(wanted)} is on the PATH", "install one of them")
    words = [program, "build", "--file", str(SOURCE), "--build-arg", f"BASE={base}", "--tag", name]
    if code := say(*words, str(folder)):
        said = f"{Path(program).name} ended with exit code {code}"
        raise OutsideFailed(f"no image {name}: {said}", "its own lines are above")
    click.echo(f"image: {name} on {base}", err=True)


def say(*words: str) -> int:
    """Run a program and pass on what it says; return its exit code."""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            click.echo(line, err=True, nl=False)
        return process.wait()


def bento() -> Path:
    """Return the folder of the Bento: the packaged one, or the newest that was built."""
    if PACKAGED.is_dir():
        return PACKAGED
    latest = BUILT / "latest"
    folder = BUILT / latest.read_text(encoding="utf-8").strip() if latest.is_file() else BUILT
    if folder == BUILT or not folder.is_dir():
        raise WrongInput("there is no Bento", "uv run just build makes one")
    return folder


def version(folder: Path) -> str:
    """Return the version of a Bento."""
    found = re.search(r"^version: (\S+)$", (folder / "bento.yaml").read_text("utf-8"), re.M)
    return found[1] if found else "0"
