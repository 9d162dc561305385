# The template's. Nothing of yours belongs here.
"""Files appear whole or not at all."""

import json
import math
import os
from contextlib import suppress
from pathlib import Path

import pytest

from .package import errors, files


def test_a_file_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")

    with suppress(RuntimeError), files.whole_file(path) as part:
        part.write_text("half")
        raise RuntimeError

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "weights").write_text("old")

    with suppress(RuntimeError), files.whole_folder(path) as part:
        (part / "weights").write_text("half")
        raise RuntimeError

    assert (path / "weights").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_the_old_one_with_all_that_was_in_it(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with files.whole_folder(tmp_path / "model") as part:
            (part / name).touch()

    assert [path.name for path in (tmp_path / "model").iterdir()] == ["second"]


@pytest.mark.parametrize("writer", [files.whole_file, files.whole_folder, files.one_writer])
def test_a_place_that_cannot_be_written_is_an_outside_failure(tmp_path, writer) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(errors.OutsideFailed, match="cannot write"), writer(tmp_path / "file" / "x"):
        pass


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    with (
        files.one_writer(tmp_path / "lock"),
        pytest.raises(errors.OutsideFailed, match=f"held by another .*process {os.getpid()}$"),
        files.one_writer(tmp_path / "lock"),
    ):
        pass

    with files.one_writer(tmp_path / "lock"):  # given back
        pass


def test_numbers_that_json_lacks_become_null(tmp_path: Path) -> None:
    files.write_json(tmp_path / "x.json", {"a": [math.nan, math.inf, 1.5]})

    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [None, None, 1.5]}


@pytest.mark.parametrize("content", [None, "", '{"a": ', "\x00"])
def test_json_that_is_missing_or_damaged_is_wrong_input(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(errors.WrongInput, match=r"x\.json"):
        files.read_json(path)


def test_one_hash_for_several_files_ignores_their_order_but_not_their_names(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    for path, content in ((a, "1"), (b, "2"), (c, "2")):
        path.write_text(content)

    assert files.sha256_of([a, b]) == files.sha256_of([b, a])
    assert files.sha256_of([a, b]) != files.sha256_of([a, c])


def test_a_line_that_was_cut_off_does_not_take_the_next_one_along(tmp_path: Path) -> None:
    log = tmp_path / "log"
    files.append_line(log, "first")
    log.write_bytes(log.read_bytes() + b'{"cut')

    files.append_line(log, "last")

    assert log.read_text(encoding="utf-8").splitlines() == ["first", '{"cut', "last"]
