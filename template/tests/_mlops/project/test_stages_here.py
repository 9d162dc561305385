# The template's. Tests of stages of yours stand beside this folder.
"""With --here the stages run in one process: as ever, but for the process."""

import os
from contextlib import chdir

import pytest

from ..fixtures import Repo
from ..package import cli, evidence, schema

STAGES = """\
stages:
  ours:
    cmd: {command}
    deps: [params.yaml]
"""


def repro(repo: Repo, command: str, *options: str) -> None:
    """Run `repro` with one stage, which would be run by `cli.main`."""
    (repo.folder / "dvc.yaml").write_text(STAGES.format(command=command))
    with chdir(repo.folder):
        cli.program.main(["repro", *options], standalone_mode=False)


@pytest.fixture
def seen(own_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str | None]]:
    """Run commands as nothing but a note of their words and of the stage that DVC names."""
    notes: list[tuple[list[str], str | None]] = []

    def main(words: list[str]) -> None:
        notes.append((words, os.environ.get("DVC_STAGE")))

    monkeypatch.setattr(cli, "main", main)
    return notes


def test_a_command_of_this_repo_runs_here_and_knows_its_stage(
    own_repo: Repo, seen: list[tuple[list[str], str | None]]
) -> None:
    repro(own_repo, f"python -m {schema.__package__} validate --json", "--here")

    assert seen == [(["validate", "--json"], "ours")]
    assert "DVC_STAGE" not in os.environ


@pytest.mark.parametrize(
    "command", ["touch made", "python -m {package} validate --help && touch made"]
)
def test_what_is_for_a_shell_or_another_program_runs_apart(
    own_repo: Repo, seen: list[tuple[list[str], str | None]], command: str
) -> None:
    repro(own_repo, command.format(package=schema.__package__), "--here")

    assert seen == []
    assert (own_repo.folder / "made").is_file()


def recorded(repo: Repo) -> list[tuple[str, int]]:
    """Return what ran in the repo, and how it ended."""
    with chdir(repo.folder):
        return [(one["what"], one["exit_code"]) for one in evidence.read()[0]]


def test_a_stage_that_fails_ends_the_run_with_its_exit_code_and_leaves_a_record(
    own_repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        repro(own_repo, f"python -m {schema.__package__} validate nothing.csv", "--here")

    assert "nothing.csv" in capsys.readouterr().err
    assert recorded(own_repo)[-2:] == [("validate", 2), ("repro", 2)]


def test_without_the_option_a_stage_has_a_process_of_its_own(
    own_repo: Repo, seen: list[tuple[list[str], str | None]]
) -> None:
    repro(own_repo, f"python -m {schema.__package__} validate --help")

    assert seen == []
