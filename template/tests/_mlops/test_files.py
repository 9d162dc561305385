# The template's. Nothing of yours belongs here.
"""Files appear whole or not at all."""

import json
import math
import os
import re
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from .package import errors, files, programs


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


def test_a_folder_that_many_write_at_once_is_that_of_one_of_them(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            with files.whole_folder(tmp_path / "model") as part:
                for name in "abc":
                    (part / name).write_text(str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert len({path.read_text() for path in (tmp_path / "model").iterdir()}) == 1


@pytest.mark.parametrize("writer", [files.whole_file, files.whole_folder])
def test_what_a_killed_command_left_half_written_is_gone_after_the_next(tmp_path, writer) -> None:
    program = (
        f"import os; from {files.__name__} import {writer.__name__} as writer; from pathlib import "
        "Path; manager = writer(Path('x')); manager.__enter__(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1

    with files.whole_file(tmp_path / "other"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize("writer", [files.whole_file, files.whole_folder])
def test_what_another_command_is_writing_stays(tmp_path: Path, writer) -> None:
    with writer(tmp_path / "slow") as part:
        with files.whole_file(tmp_path / "quick"):
            pass
        files.sweep(tmp_path)

        assert part.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["quick", "slow"]


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


def test_a_lock_that_finds_no_space_is_said_in_a_line(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with (
            pytest.raises(errors.OutsideFailed, match=r"cannot write .*lock: file too large"),
            files.one_writer(tmp_path / "lock"),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_writer_that_took_the_lock_a_moment_ago_is_named_once_it_says_who_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock"
    with files.one_writer(lock):
        lock.write_text("")  # as in the moment before it writes its number
        monkeypatch.setattr(files.time, "sleep", lambda _: lock.write_text(str(os.getpid())))
        with pytest.raises(errors.OutsideFailed, match=f"process {os.getpid()}$"):
            files.require_unlocked(lock)


def test_who_only_reads_asks_for_a_lock_without_leaving_one(tmp_path: Path) -> None:
    files.require_unlocked(tmp_path / "lock")

    assert list(tmp_path.iterdir()) == []


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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "it is '[]', expected an object"),
        ('{"metrics": {"auc": "high"}}', "auc is 'high', expected a number or nothing"),
        ('{"rows": [{"name": 1}]}', "name is '1', expected a text"),
        ('{"rows": {}}', "rows is '{}', expected a list"),
    ],
)
def test_a_record_of_another_kind_is_wrong_input(tmp_path: Path, content: str, said: str) -> None:
    kinds = {"metrics": {"*": (int, float, type(None))}, "rows": [{"name": str}]}
    (tmp_path / "x.json").write_text(content)

    with pytest.raises(errors.WrongInput, match=re.escape(said)):
        files.read_json(tmp_path / "x.json", kinds=kinds)


def test_a_key_that_a_record_lacks_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"data": {"rows": 1}}')
    record = files.read_json(tmp_path / "x.json", "uv run just repro")

    assert record == {"data": {"rows": 1}}
    with pytest.raises(errors.WrongInput, match=r"x\.json lacks 'columns'$") as caught:
        record["data"]["columns"]
    assert caught.value.hint == "uv run just repro makes it anew"


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


def test_what_a_killed_dvc_left_behind_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    note, whole = tmp_path / ".dvc/tmp/rwlock", b'{"write": {}}'
    old, new = (tmp_path / f".dvc/cache/files/md5/00/.{name}.tmp" for name in ("old", "new"))
    for path in (note, old, new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    os.utime(old, (0, 0))
    programs.mend_dvc()
    assert [path.exists() for path in (note, old, new)] == [False, False, True]

    note.write_bytes(whole)
    programs.mend_dvc()
    assert note.read_bytes() == whole


ENDED = 2**31 - 1  # no process has that number


@pytest.mark.parametrize(
    ("write", "read", "stays"),
    [
        ({"data": ENDED}, {}, False),
        ({}, {"data": [ENDED, ENDED - 1]}, False),
        ({"data": ENDED}, {"src": [os.getpid()]}, True),
        ({"data": os.getpid()}, {"src": [ENDED]}, True),
    ],
)
def test_a_note_of_dvc_stays_while_one_whom_it_names_works(
    tmp_path: Path, write: dict[str, int], read: dict[str, list[int]], stays: bool
) -> None:
    note = tmp_path / "rwlock"
    held = {
        "write": {name: {"pid": pid, "cmd": "dvc repro"} for name, pid in write.items()},
        "read": {name: [{"pid": pid, "cmd": "dvc repro"} for pid in read[name]] for name in read},
    }
    note.write_text(json.dumps(held))
    programs.release_ended(note)

    assert note.exists() == stays


def test_a_note_of_dvc_goes_when_whom_it_names_was_killed_and_nobody_waits(tmp_path: Path) -> None:
    """As in a container without an init."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        note = tmp_path / "rwlock"
        note.write_text(json.dumps({"write": {"data": {"pid": ended.pid}}}))
        programs.release_ended(note)

        assert not note.exists()


@pytest.mark.parametrize(
    "odd",
    [[], None, 1, {"write": 1}, {"write": {"a": 1}}, {"write": {"a": {}}}, {"read": {"a": 1}}],
)
def test_a_note_that_is_none_is_left_to_dvc(tmp_path: Path, odd: object) -> None:
    note = tmp_path / "rwlock"
    note.write_text(json.dumps(odd))
    programs.release_ended(note)

    assert json.loads(note.read_text()) == odd


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no answer from postgresql://me:secret@host:5432/shop", "postgresql://***@host:5432/shop"),
        ("http://me:secret@ret@host is away", "http://***@host is away"),
        ("postgresql://me:***@host/shop", "postgresql://me:***@host/shop"),
        ("as postgresql://user:password@host/shop", "as postgresql://user:password@host/shop"),
        ("git@forge.example:team/repo.git", "git@forge.example:team/repo.git"),
        ("ssh://git@forge.example/repo.git", "ssh://git@forge.example/repo.git"),
        ("http://127.0.0.1:5000/a@b", "http://127.0.0.1:5000/a@b"),
    ],
)
def test_a_problem_shows_no_password_of_an_address(said: str, shown: str) -> None:
    problem = errors.Problem(said, said)

    assert str(problem).endswith(shown)
    assert problem.hint.endswith(shown)
    assert errors.first_cause(ValueError(said)).endswith(shown)
