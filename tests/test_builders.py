"""Does a project's own list of packages stay as it was written when one more comes in?"""

from pathlib import Path

import builders
import pytest
import tomlkit

LISTS = {
    builders.HATCH: ("[tool.hatch.build.targets.wheel]\npackages", '"src/ours"', '"src/new"'),
    "poetry.core.masonry.api": (
        "[tool.poetry]\npackages",
        '{ include = "ours", from = "src" }',
        '{include = "new", from = "src"}',
    ),
    "setuptools.build_meta": ("[tool.setuptools]\npackages", '"ours"', '"new"'),
    builders.UV: ("[tool.uv.build-backend]\nmodule-name", '"ours"', '"new"'),
}
FIND = '[tool.setuptools.packages.find]\nwhere = [\n    "src",\n]\ninclude = ["ours*"]  # one\n'


@pytest.mark.parametrize("backend", LISTS)
def test_a_list_keeps_its_lines_and_comments(tmp_path: Path, backend: str) -> None:
    key, ours, new = LISTS[backend]
    document = tomlkit.parse(f"{key} = [\n    {ours},  # the first\n]\n")

    assert builders.BACKENDS[backend](tmp_path, document, "new")

    assert f"{key} = [\n    {ours},  # the first\n    {new},\n]\n" in tomlkit.dumps(document)


def test_what_setuptools_looks_through_is_named_once(tmp_path: Path) -> None:
    document = tomlkit.parse(FIND)

    assert builders.setuptools(tmp_path, document, "new")

    assert tomlkit.dumps(document) == FIND.replace('["ours*"]', '["ours*", "new*"]')
