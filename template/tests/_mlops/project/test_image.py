# The template's. Images of yours are tested beside this folder.
"""An image stands on bytes that are named, is made of a Bento, and what is missing is one line."""

from pathlib import Path

import pytest

from ..fixtures import Repo
from ..package import errors, image

DIGEST = "0" * 64
PINNED = f"python:3.12-slim@sha256:{DIGEST}"
BUILDER = '#!/bin/sh\necho "$@" > asked\nread code < code && exit "$code"\n'


@pytest.fixture
def packed(own_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repo with a Bento and a builder that writes down what it is asked."""
    folder = own_repo.folder / image.PACKAGED
    folder.mkdir(parents=True)
    (folder / "bento.yaml").write_text("name: late\nversion: 3-813a95cbf358\n")
    (own_repo.folder / "code").write_text("0\n")
    program = own_repo.folder / "bin" / image.BUILDERS[-1]
    program.parent.mkdir()
    program.write_text(BUILDER)
    program.chmod(0o755)
    monkeypatch.setattr(image.shutil, "which", lambda one: {program.name: str(program)}.get(one))
    return own_repo


def test_the_bento_is_built_on_the_base_by_the_builder_that_is_there(packed: Repo) -> None:
    said = packed.must("image", "--base", PINNED).err
    asked = (packed.folder / "asked").read_text()

    assert f"--build-arg BASE={PINNED}" in asked
    assert asked.endswith(f"{image.PACKAGED}\n")
    assert f"--tag {image.PROJECT}:3-813a95cbf358" in asked
    assert f"image: {image.PROJECT}:3-813a95cbf358 on {PINNED}" in said


@pytest.mark.parametrize("base", ["python:3.12-slim", "python@sha256:12ab", f"@sha256:{DIGEST}"])
def test_a_base_that_may_change_is_refused(packed: Repo, base: str) -> None:
    done = packed.run("image", "--base", base)

    assert done.code == 2
    assert f"--base is {base!r}; expected a digest" in done.err
    assert not (packed.folder / "asked").exists()


@pytest.mark.parametrize("tag", ["late", "late:latest", "Late:1"])
def test_a_name_that_may_change_is_refused(packed: Repo, tag: str) -> None:
    done = packed.run("image", "--base", PINNED, "--tag", tag)

    assert (done.code, f"--tag is {tag!r}; expected a tag other than latest" in done.err) == (
        2,
        True,
    )


def test_what_is_missing_is_one_line(packed: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    (packed.folder / "code").write_text("125\n")
    failed = packed.run("image", "--base", PINNED)
    other = packed.run("image", "--base", PINNED, "--builder", "podman")
    monkeypatch.setattr(image.shutil, "which", lambda _: None)
    without = packed.run("image", "--base", PINNED)

    assert (failed.code, "buildah ended with exit code 125" in failed.err) == (3, True)
    assert (other.code, "none of podman is on the PATH" in other.err) == (2, True)
    assert (without.code, "none of docker, podman, buildah is on the PATH" in without.err) == (
        2,
        True,
    )


def test_without_a_package_the_newest_bento_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.WrongInput, match="there is no Bento"):
        image.bento()
    (image.BUILT / "b2").mkdir(parents=True)
    (image.BUILT / "latest").write_text("b2\n")

    assert image.bento() == image.BUILT / "b2"
