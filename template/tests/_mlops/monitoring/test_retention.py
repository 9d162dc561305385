# The template's. How long things stay is yours, in contract.yaml.
"""What has been kept long enough goes by itself, with a record, and the log's chain still holds."""

import hashlib
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ..fixtures import Repo
from ..package import chain, config, errors, files, paths, prediction_log, retention, windows

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
NEW_WINDOW = b'{"since": "", "until": "2026-07-01", "version": "1", "raised": [], "quality": null}'


def write_days(folder: Path, days: list[str]) -> list[Path]:
    """Write a worker's log: two lines a day, the last day in the file that it writes to."""
    data = folder / "server" / "predictions" / "data"
    data.mkdir(parents=True)
    before, written = prediction_log.FIRST, []
    for day in days:
        path = data / ("data.1.log" if day == days[-1] else f"data.1.log.{day}")
        with path.open("w", encoding="utf-8") as file:
            for hour in (1, 2):
                line = {"call.time": f"{day}T0{hour}:00:00+00:00", prediction_log.BEFORE: before}
                before = prediction_log.hash_of(line)
                file.write(json.dumps({**line, prediction_log.HASH: before}) + "\n")
        moment = datetime.fromisoformat(f"{day}T02:00:00+00:00").timestamp()
        os.utime(path, (moment, moment))
        written.append(path)
    return written


@pytest.fixture
def place(tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder with a contract and the log's folder below it."""
    (tmp_path / paths.CONTRACT).write_bytes((repo.folder / paths.CONTRACT).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(prediction_log.FOLDER, "log")
    return tmp_path


def aged(path: Path, content: str = "") -> Path:
    """Write a file that nobody has touched for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    return path


def removed() -> list[str]:
    """Return what the record says."""
    lines, wrong = chain.read(paths.RETENTION)
    assert wrong == []
    return [name for line in lines for name in line["removed"]]


def test_old_days_of_the_log_go_with_a_record_and_the_chain_holds(place: Path) -> None:
    days = write_days(place / "log", ["2026-03-30", "2026-03-31", "2026-04-01", "2026-06-30"])
    gone = retention.apply(config.load_contract(), NOW)

    assert [path.exists() for path in days] == [False, False, True, True]
    assert gone == removed() == [f"log/server/predictions/data/{path.name}" for path in days[:2]]
    assert prediction_log.problems() == []
    assert retention.apply(config.load_contract(), NOW) == []


def test_a_day_that_was_written_to_later_is_as_old_as_its_name(place: Path) -> None:
    days = write_days(place / "log", ["2026-03-31", "2026-06-30"])
    days[0].touch()
    retention.apply(config.load_contract(), NOW)

    assert not days[0].exists()


def test_the_file_that_a_worker_has_open_is_emptied_and_goes_on(place: Path) -> None:
    (path,) = write_days(place / "log", ["2025-01-01"])
    with path.open("a", encoding="utf-8") as worker:
        retention.apply(config.load_contract(), NOW)
        worker.write("later\n")

    assert path.read_text("utf-8") == "later\n"


def test_by_default_only_the_log_goes(place: Path) -> None:
    files = [aged(Path("reports/a.html")), aged(Path("build/replaced/old.parquet"))]

    assert retention.apply(config.load_contract(), NOW) == []
    assert all(path.exists() for path in files)


def test_reports_copies_and_windows_go_when_the_contract_says_so(place: Path) -> None:
    with paths.CONTRACT.open("a", encoding="utf-8") as file:
        file.write("\nretention: {windows_days: 30, reports_days: 30, build_days: 30}\n")
    old = [aged(Path("reports/a.html")), aged(Path("build/replaced/old.parquet"))]
    (place / "reports/new.html").touch()
    about = {"since": "", "version": "1", "raised": [], "quality": None}
    for until in ("2026-01-01T00:00:00+00:00", "2026-06-29T00:00:00+00:00"):
        windows.keep({**about, "until": until})
    os.utime("reports/new.html", (NOW.timestamp(), NOW.timestamp()))
    retention.apply(config.load_contract(), NOW)

    assert not any(path.exists() for path in old)
    assert (place / "reports/new.html").exists()
    assert [one["until"] for one in windows.everything()] == ["2026-06-29T00:00:00+00:00"]
    assert len(removed()) == 3


def test_a_window_that_comes_in_meanwhile_and_a_damaged_line_stay(place: Path) -> None:
    about = {"since": "", "version": "1", "raised": [], "quality": None}
    windows.keep({**about, "until": "2026-01-01"})
    windows.FILE.write_bytes(b"damaged\n" + windows.FILE.read_bytes())
    dropping = threading.Thread(target=windows.drop, args=["2026-06-01"])
    with files.one_at_a_time(windows.LOCK):  # as `monitor` holds it
        dropping.start()
        dropping.join(0.5)
        waits = dropping.is_alive()
        windows.write([*windows.FILE.read_bytes().splitlines(), NEW_WINDOW])
    dropping.join()

    assert waits
    assert windows.FILE.read_bytes().splitlines() == [b"damaged", NEW_WINDOW]
    assert windows.read()[1] == [f"{windows.FILE} line 1 is damaged or was edited"]


@pytest.mark.parametrize("left", [[0, 1], [0, 2], [1, 0, 2], [0, 1, 2, 2], [], None])
def test_windows_that_were_lost_added_or_moved_are_named_once(
    place: Path, left: list[int] | None
) -> None:
    about = {"since": "", "version": "1", "raised": [], "quality": None}
    for until in ("2026-01-01", "2026-02-01", "2026-03-01"):
        assert windows.keep({**about, "until": until}) == []
    lines = windows.FILE.read_bytes().splitlines(keepends=True)
    if left is None:
        windows.FILE.unlink()
    else:
        windows.FILE.write_bytes(b"".join(lines[number] for number in left))
    wrong = [f"{windows.FILE} lost, gained or moved lines since it was written"]

    assert windows.read()[1] == wrong
    assert windows.drop("2026-01-15") in (0, 1)
    assert windows.keep({**about, "until": "2026-04-01"}) == wrong
    assert windows.read()[1] == []


def test_a_monitor_that_is_killed_loses_no_window(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = {"since": "", "version": "1", "raised": [], "quality": None, "until": "2026-01-01"}
    windows.keep(window)
    one = windows.FILE.read_bytes()
    with monkeypatch.context() as patch:  # between the second hash and the line
        patch.setattr(windows, "write_heads", lambda known: known)
        windows.keep({**window, "until": "2026-02-01"})
    two = windows.FILE.read_bytes()
    windows.write_heads([*windows.heads(), hashlib.sha256(two).hexdigest()])
    for left in (one, two):
        windows.FILE.write_bytes(left)
        assert windows.read()[1] == []


@pytest.mark.parametrize("value", ["0", "-1", "true", "soon", "1.5", "1000000000"])
def test_nonsense_is_refused_in_one_line(place: Path, value: str) -> None:
    with paths.CONTRACT.open("a", encoding="utf-8") as file:
        file.write(f"\nretention: {{reports_days: {value}}}\n")
    with pytest.raises(errors.WrongInput, match=r"contract.yaml: retention.reports_days: [^\n]*$"):
        config.load_contract()


def test_what_cannot_be_removed_is_said_after_all_else_went(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = write_days(place / "log", ["2026-03-30", "2026-03-31", "2026-06-30"])
    drop = retention.drop

    def refuse(path: Path) -> None:
        if path == Path(*days[0].relative_to(place).parts):
            raise PermissionError(13, "Permission denied")
        drop(path)

    monkeypatch.setattr(retention, "drop", refuse)
    with pytest.raises(errors.OutsideFailed, match=f"1 file .*{days[0].name}: permission denied"):
        retention.apply(config.load_contract(), NOW)

    assert [path.exists() for path in days] == [True, False, True]


def test_what_went_before_a_kill_is_recorded_by_the_next_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = write_days(place / "log", ["2026-03-30", "2026-03-31", "2026-06-30"])
    drop = retention.drop

    def killed(path: Path) -> None:
        drop(path)
        raise SystemExit(137)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "drop", killed)
        with pytest.raises(SystemExit):
            retention.apply(config.load_contract(), NOW)
    assert [path.exists() for path in days] == [False, True, True]
    retention.apply(config.load_contract(), NOW)

    assert removed() == [f"log/server/predictions/data/{path.name}" for path in days[:2]]
    assert retention.apply(config.load_contract(), NOW) == []


def test_the_schedule_applies_it_before_it_looks(
    own_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(prediction_log.FOLDER, str(tmp_path / "log"))
    old, _ = write_days(tmp_path / "log", ["2020-01-01", "2020-01-02"])
    own_repo.run("scheduled-monitor")

    assert not old.exists()
    assert (own_repo.folder / paths.RETENTION).is_file()


def test_a_kill_after_a_window_was_written_is_no_loss_of_lines(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {"since": "", "version": "1", "raised": [], "quality": None}
    windows.keep({**about, "until": "2026-01-01"})
    write = windows.write_heads

    def killed_at_the_last(known: list[str]) -> None:
        if len(known) == 1:
            raise KeyboardInterrupt
        write(known)

    monkeypatch.setattr(windows, "write_heads", killed_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        windows.keep({**about, "until": "2026-02-01"})

    assert len(windows.everything()) == 2
    assert windows.read()[1] == []
