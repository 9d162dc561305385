"""The counts that docs quote are those of a fresh run; times are never asserted."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from rendering import LEVELS, ROOT, TASKS, text_files


def script(name: str) -> ModuleType:
    """Return a script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"benchmarks/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.all
def test_the_counts_in_the_docs_are_those_of_a_fresh_run(template: Path, tmp_path: Path) -> None:
    bench = script("updates")
    copy = shutil.copytree(template, tmp_path / "template", symlinks=True)

    table = bench.counts(bench.versions(copy), tmp_path)

    for page in (bench.PAGE, bench.RESULT):
        assert table in page.read_text(encoding="utf-8"), "make bench writes it anew"


@pytest.mark.all
def test_the_lines_in_the_table_are_those_of_a_fresh_run(
    repos: Callable[[int, str], Path],
) -> None:
    bench = script("lines")
    table = bench.lines_by_level({level: repos(level, TASKS[0]) for level in LEVELS})

    assert bench.RESULT.read_text(encoding="utf-8") == table, "make bench writes it anew"


def test_every_line_is_counted_once_and_a_level_only_adds(
    repos: Callable[[int, str], Path],
) -> None:
    bench = script("lines")
    low, high = (repos(level, TASKS[0]) for level in (min(LEVELS), max(LEVELS)))
    few, many = bench.lines(low), bench.lines(high)

    assert sum(many[owner] for owner in bench.OWNED) == sum(
        len(text.splitlines()) for _, text in text_files(high)
    )
    assert sum(many[part] for part in (*bench.PARTS, "other")) == many["template"]
    assert all(0 < few[name] <= many[name] for name in bench.COLUMNS)


def test_lines_are_told_apart_by_owner_and_part(tmp_path: Path) -> None:
    for name, count in {
        "README.md": 1,
        "pyproject.toml": 2,
        "src/a/_mlops/data/tables.py": 4,
        "tests/_mlops/data/test_tables.py": 8,
        "docs/handbook/index.md": 16,
        "justfile": 32,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a line\n" * count, encoding="utf-8")
    bench = script("lines")
    shown = bench.lines_by_level({0: tmp_path}).splitlines()

    assert shown[0] == (
        "| level | yours | shared | template | glue | tests of glue | handbook | other |"
    )
    assert shown[2] == "| 0 | 1 | 2 | 60 | 4 | 8 | 16 | 32 |"


def test_a_line_of_the_pipeline_is_the_median_of_its_pairs_ratios() -> None:
    bench = script("pipeline")
    took = [((6.0, 3.0), (2.0, 1.0)), ((9.0, 3.0), (1.0, 3.0)), ((8.0, 2.0), (4.0, 1.0))]
    both = [(bench.Taken(*mine), bench.Taken(*other)) for mine, other in took]

    assert bench.line("a", "b", both) == "| a | b | 8.0 : 2.0 | 3.0 | 3.0 : 1.0 | 2.0 |"


def test_each_part_of_the_page_of_times_leaves_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, pipeline = script("service"), script("pipeline")
    page = tmp_path / "speed.md"
    page.write_text(f"old\n{pipeline.HEAD}\nkept\n", encoding="utf-8")
    for bench in (service, pipeline):
        monkeypatch.setattr(bench, "RESULT", page)

    service.write("new\n")
    assert page.read_text(encoding="utf-8") == f"new\n{pipeline.HEAD}\nkept\n"
    pipeline.write("again\n")
    assert page.read_text(encoding="utf-8") == f"new\n{pipeline.HEAD}\nagain\n"


@pytest.mark.parametrize("power", [0.5, 1, 1.5])
def test_the_slope_is_the_power_of_the_work_whatever_the_start_takes(
    monkeypatch: pytest.MonkeyPatch, power: float
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    bench = script("growth")
    found = [7 + 0.01 * rows**power for rows in (100, 400, 1600)]

    assert bench.slope(found) == pytest.approx(power)
    assert ("**" in bench.line(("validate", (found, bench.slope(found))))) == (power > bench.MOST)
    assert "none" in bench.line(("validate", ([7, 7, 7], bench.slope([7, 7, 7]))))
