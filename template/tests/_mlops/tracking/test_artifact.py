# The template's. Types that your estimators need are yours to name: TRUSTED in model.py.
"""A model is loaded only when it is the one that was trained, and names only trusted types."""

import hashlib
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import FunctionTransformer

from ..package import artifact, batch_files, errors, files, schema


def saved(model: Any, folder: Path) -> Path:
    """Save a model with a manifest that fits."""
    manifest = {"model_sha256": artifact.save(model, folder)}
    (folder / artifact.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a model that can be loaded."""
    return saved(DummyClassifier(strategy="prior").fit(np.zeros((2, 1)), ["a", "b"]), tmp_path)


def test_what_was_saved_is_loaded(folder: Path) -> None:
    assert list(artifact.load(folder).model.classes_) == ["a", "b"]


@pytest.mark.parametrize("position", [0, 100, -1])
def test_one_changed_byte_is_refused(folder: Path, position: int) -> None:
    content = bytearray((folder / artifact.MODEL).read_bytes())
    content[position] ^= 1
    (folder / artifact.MODEL).write_bytes(content)

    with pytest.raises(errors.Refused, match="has SHA-256"):
        artifact.load(folder)


def test_a_truncated_model_is_refused(folder: Path) -> None:
    content = (folder / artifact.MODEL).read_bytes()
    (folder / artifact.MODEL).write_bytes(content[:-10])

    with pytest.raises(errors.Refused):
        artifact.load(folder)


def test_a_type_that_is_not_trusted_is_refused_before_it_is_built(tmp_path: Path) -> None:
    folder = saved(FunctionTransformer(os.system), tmp_path)

    with pytest.raises(errors.Refused, match=r"types that are not trusted: .*system"):
        artifact.load(folder)


class Decoy:
    """Stands in a file where another name is put in its place."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def __reduce__(self) -> Any:
        """Say that the constructor restores it."""
        return Decoy, (self.words,)


def test_a_forged_file_that_starts_a_program_is_refused(tmp_path: Path) -> None:
    started = tmp_path / "started"
    folder = saved(FunctionTransformer(kw_args={"x": Decoy(["touch", str(started)])}), tmp_path)
    with zipfile.ZipFile(folder / artifact.MODEL) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = parts["schema.json"].decode()
    forged = schema.replace('"Decoy"', '"check_output"').replace(
        f'"{__name__}"', '"sklearn.utils._testing"'
    )
    assert forged != schema
    with zipfile.ZipFile(folder / artifact.MODEL, "w") as archive:
        for name, content in {**parts, "schema.json": forged}.items():
            archive.writestr(name, content)
    digest = files.sha256(folder / artifact.MODEL)
    (folder / artifact.MANIFEST).write_text(json.dumps({"model_sha256": digest}), encoding="utf-8")

    with pytest.raises(errors.Refused, match=r"sklearn\.utils\._testing\.check_output"):
        artifact.load(folder)
    assert not started.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pickle.dumps(DummyClassifier()), "in the format of skops: File is not a zip file"),
        (b"", "in the format of skops"),
        (skops.io.dumps({"a": 1}), "holds no model but a dict"),
        (skops.io.dumps(np.zeros(3)), "holds no model but a ndarray"),
    ],
    ids=["pickle", "empty", "dictionary", "array"],
)
def test_a_file_of_the_right_hash_that_holds_no_model_is_refused(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / artifact.MODEL).write_bytes(content)
    manifest = files.read_json(folder / artifact.MANIFEST)
    manifest["model_sha256"] = files.sha256(folder / artifact.MODEL)
    files.write_json(folder / artifact.MANIFEST, manifest)

    with pytest.raises(errors.Refused, match=reason):
        artifact.load(folder)


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.Refused, match=r"skops cannot write the model: .*generator"):
        artifact.save(FunctionTransformer(kw_args={"rows": (row for row in ())}), tmp_path)


def test_a_disk_without_room_is_no_fault_of_the_model(tmp_path: Path) -> None:
    (tmp_path / artifact.MODEL).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        artifact.save(DummyClassifier(), tmp_path)


@pytest.mark.parametrize("name", [artifact.MODEL, artifact.MANIFEST])
def test_a_missing_file_is_wrong_input(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(errors.WrongInput, match=name):
        artifact.load(folder)


def test_a_damaged_manifest_is_wrong_input(folder: Path) -> None:
    (folder / artifact.MANIFEST).write_text('{"model_sha256": ')

    with pytest.raises(errors.WrongInput, match="is not JSON"):
        artifact.load(folder)


def test_the_hash_of_the_features_follows_their_code(tmp_path: Path) -> None:
    hashes = []
    for code in ("a", "b"):
        (tmp_path / "schema.py").write_text("x = 1")
        (tmp_path / "features.py").write_text(code)
        hashes.append(batch_files.features_sha256(tmp_path))

    assert hashes[0] != hashes[1]


@pytest.mark.parametrize(
    "line",
    [
        "from .days import near",
        "from . import days",
        "from {package}.days import near",
        "from {package} import days",
        "import {package}.days as there",
        "def build_features(rows):\n    from .days import near",
        "from .steps import last",
        "from .steps.one import first",
    ],
)
def test_the_hash_of_the_features_follows_what_they_import(tmp_path: Path, line: str) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "schema.py").write_text("x = 1")
    (tmp_path / "features.py").write_text(line.format(package=schema.__package__))
    (tmp_path / "steps/__init__.py").write_text("from .one import first as last")
    (tmp_path / "steps/one.py").write_text("from ..days import near")
    (tmp_path / "unused.py").write_text("y = 1")
    hashes = []
    for code, other in (("near = 1", "y = 1"), ("near = 1", "y = 2"), ("near = 2", "y = 2")):
        (tmp_path / "days.py").write_text(code)
        (tmp_path / "unused.py").write_text(other)
        hashes.append(batch_files.features_sha256(tmp_path))

    assert hashes[0] == hashes[1] != hashes[2]


def test_a_model_from_before_imports_counted_fits_the_same_features(tmp_path: Path) -> None:
    (tmp_path / "schema.py").write_text("x = 1")
    (tmp_path / "features.py").write_text("from . import days")
    (tmp_path / "days.py").write_text("near = 1")
    before = hashlib.sha256(b"x = 1from . import days").hexdigest()

    assert batch_files.features_sha256(tmp_path) != before
    assert batch_files.makes_features_of(before, tmp_path)
    (tmp_path / "features.py").write_text("from .days import near")
    assert not batch_files.makes_features_of(before, tmp_path)


def test_the_same_code_with_other_line_ends_is_the_same_code(tmp_path: Path) -> None:
    (tmp_path / "schema.py").write_bytes(b"x = 1\n")
    (tmp_path / "features.py").write_bytes(b"from . import days\n")
    (tmp_path / "days.py").write_bytes(b"near = 1\n")
    before = batch_files.features_sha256(tmp_path)

    for name in ("schema.py", "days.py"):
        code = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(code.replace(b"\n", b"\r\n"))

    assert batch_files.features_sha256(tmp_path) == before
    assert batch_files.makes_features_of(before, tmp_path)
    raw = b"x = 1\r\nfrom . import days\nnear = 1\r\n"
    recorded_once = hashlib.sha256(raw).hexdigest()
    assert batch_files.makes_features_of(recorded_once, tmp_path), "a model of an older version"


def test_modules_that_import_each_other_are_hashed_once(tmp_path: Path) -> None:
    (tmp_path / "schema.py").write_text("from .features import a")
    (tmp_path / "features.py").write_text("from . import days, gone, schema")
    (tmp_path / "days.py").write_text("from . import features")
    parts = [tmp_path / name for name in ("schema.py", "features.py", "days.py")]
    expected = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()

    assert batch_files.features_sha256(tmp_path) == expected


def test_a_champion_that_gives_way_meanwhile_is_read_as_the_next_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        saved(DummyClassifier(strategy="prior").fit(np.zeros((2, 1)), ["a", name]), tmp_path / name)
    artifact.write_pointer(tmp_path, {"version": "1", "model_sha256": "a"})

    def read(pointer: dict[str, Any]) -> str:
        if pointer["version"] == "1":  # a rollback: what it goes back from is removed
            artifact.write_pointer(tmp_path, {"version": "2", "model_sha256": "b"})
            shutil.rmtree(tmp_path / "a", ignore_errors=True)
        return files.sha256(tmp_path / pointer["model_sha256"] / artifact.MODEL)

    assert artifact.of_champion(tmp_path, read) == files.sha256(tmp_path / "b" / artifact.MODEL)

    (tmp_path / "b" / artifact.MODEL).unlink()
    with pytest.raises(FileNotFoundError):
        artifact.of_champion(tmp_path, read)
