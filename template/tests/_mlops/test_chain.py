# The template's. Claims about records of yours go into a file beside this folder.
"""Lines that cover each other: what reading finds when somebody was at them."""

import json
import multiprocessing
from pathlib import Path

import pytest

from .package import chain


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with four lines."""
    for number in range(4):
        chain.append(tmp_path / "lines.jsonl", {"number": number, "text": "ä\n"})
    return tmp_path / "lines.jsonl"


def lines(path: Path) -> list[bytes]:
    """Return the lines as they are."""
    return path.read_bytes().splitlines(keepends=True)


def test_what_was_appended_is_read(path: Path) -> None:
    found, wrong = chain.read(path)

    assert [one["number"] for one in found] == [0, 1, 2, 3]
    assert wrong == []
    assert chain.head(path) == found[-1][chain.HASH]


def test_an_edited_line_is_left_out_and_named(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"number": 2', b'"number": 7'))
    found, wrong = chain.read(path)

    assert [one["number"] for one in found] == [0, 1, 3]
    assert wrong == [f"{path} line 3 was edited"]


@pytest.mark.parametrize("left", [[0, 2, 3], [1, 2, 3], [1, 0, 2, 3], [0, 1, 1, 2, 3]])
def test_a_dropped_moved_or_repeated_line_is_named(path: Path, left: list[int]) -> None:
    known = lines(path)
    path.write_bytes(b"".join(known[number] for number in left))

    assert any("were taken out or moved" in problem for problem in chain.read(path)[1])


def test_two_branches_that_were_merged_are_whole_and_a_line_missing_in_one_is_named(
    path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "theirs.jsonl"
    other.write_bytes(b"".join(lines(path)[:2]))
    for number in (7, 8):
        chain.append(other, {"number": number})
    merged = [*lines(path), *lines(other)[2:]]
    path.write_bytes(b"".join(merged))
    chain.append(path, {"number": 9})
    found, wrong = chain.read(path)

    assert [one["number"] for one in found] == [0, 1, 2, 3, 7, 8, 9]
    assert wrong == []

    path.write_bytes(b"".join([*merged[:4], *merged[5:]]))

    assert chain.read(path)[1] == [f"{path}: lines before line 5 were taken out or moved"]


def test_every_flipped_byte_is_named(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert chain.read(path)[1], place


def test_lines_from_before_there_were_hashes_are_covered(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"number": 0}\n{"number": 1}\n', encoding="utf-8")
    chain.append(path, {"number": 2})

    assert [one["number"] for one in chain.read(path)[0]] == [0, 1, 2]
    assert chain.read(path)[1] == []

    path.write_bytes(path.read_bytes().replace(b'"number": 0', b'"number": 5'))

    assert chain.read(path)[1] == [f"{path}: lines before line 3 were taken out or moved"]


def test_a_line_cut_off_by_a_crash_is_named_and_the_next_is_whole(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])
    chain.append(path, {"number": 4})
    found, wrong = chain.read(path)

    assert [one["number"] for one in found] == [0, 1, 2, 4]
    assert wrong == [f"{path} line 4 is damaged"]


def test_a_record_that_says_too_little_is_damaged(path: Path) -> None:
    assert chain.read(path, lambda record: record["other"])[0] == []


def test_processes_that_write_at_once_make_one_chain(path: Path) -> None:
    work = [multiprocessing.Process(target=write, args=(path, n)) for n in range(4)]
    for process in work:
        process.start()
    for process in work:
        process.join()

    assert (len(lines(path)), chain.read(path)[1]) == (44, [])


def write(path: Path, number: int) -> None:
    """Append ten lines."""
    for _ in range(10):
        chain.append(path, {"number": number})


def test_a_file_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert chain.read(tmp_path / "none.jsonl") == ([], [])


def test_json_that_is_no_object_is_damaged(path: Path) -> None:
    path.write_text(json.dumps([1]) + "\n", encoding="utf-8")

    assert chain.read(path) == ([], [f"{path} line 1 is damaged"])
