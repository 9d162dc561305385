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
    builders.UV: ("[tool.uv.build-backend]\nmodule-name", '"ours"', '"new"'),
}
FIND = '[tool.setuptools.packages.find]\nwhere = [\n    "src",\n]\ninclude = ["ours*"]  # one\n'


@pytest.mark.parametrize("backend", LISTS)
def test_a_list_keeps_its_lines_and_comments(tmp_path: Path, backend: str) -> None:
    key, ours, new = LISTS[backend]
    document = tomlkit.parse(f"{key} = [\n    {ours},  # the first\n]\n")

    assert builders.BACKENDS[backend](tmp_path, document, "new")

    assert f"{key} = [\n    {ours},  # the first\n    {new},\n]\n" in tomlkit.dumps(document)


def test_a_list_for_setuptools_becomes_what_it_looks_for_with_its_lines(tmp_path: Path) -> None:
    document = tomlkit.parse('[tool.setuptools]\npackages = [\n    "ours",  # the first\n]\n')

    assert builders.setuptools(tmp_path, document, "new")
    assert builders.setuptools(tmp_path, document, "new")

    text = tomlkit.dumps(document)
    assert 'include = [\n    "ours",  # the first\n    "new*",\n]\n' in text
    assert 'where = [".", "src"]\n' in text


def test_packages_that_are_in_several_folders_stay_as_they_are(tmp_path: Path) -> None:
    text = '[tool.setuptools]\npackages = ["a", "b"]\npackage-dir = {a = "x", b = "y"}\n'
    document = tomlkit.parse(text)

    assert not builders.setuptools(tmp_path, document, "new")
    assert tomlkit.dumps(document) == text


def test_what_setuptools_looks_through_is_named_once(tmp_path: Path) -> None:
    document = tomlkit.parse(FIND)

    assert builders.setuptools(tmp_path, document, "new")

    assert tomlkit.dumps(document) == FIND.replace('["ours*"]', '["ours*", "new*"]')


@pytest.mark.parametrize(
    ("own", "settings", "found"),
    [("src/ours", "", True), ("ours", "", False), ("src/ours", "[tool.pdm.build]\na = 1\n", False)],
)
def test_pdm_finds_all_of_src_by_itself(
    tmp_path: Path, own: str, settings: str, found: bool
) -> None:
    (tmp_path / own).mkdir(parents=True)
    (tmp_path / own / "__init__.py").touch()
    document = tomlkit.parse(f'{settings}[project]\nname = "ours"\n')

    assert builders.BACKENDS["pdm.backend"](tmp_path, document, "new") == found
