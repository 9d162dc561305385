"""The counts that docs quote are those of a fresh run; times are never asserted."""

import importlib.util
import shutil
from pathlib import Path

import pytest
from rendering import ROOT


@pytest.mark.all
def test_the_counts_in_the_docs_are_those_of_a_fresh_run(template: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("bench", ROOT / "benchmarks/updates.py")
    assert spec
    assert spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    copy = shutil.copytree(template, tmp_path / "template", symlinks=True)

    table = bench.counts(bench.versions(copy), tmp_path)

    for page in (bench.PAGE, bench.RESULT):
        assert table in page.read_text(encoding="utf-8"), "make bench writes it anew"
