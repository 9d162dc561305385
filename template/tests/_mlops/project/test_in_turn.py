# The template's. Tests of commands of yours stand beside this folder.
"""`in-turn` runs commands as they run alone, up to the first that fails."""

from contextlib import chdir

from ..fixtures import Repo
from ..package import evidence


def ran(repo: Repo) -> list[tuple[str, int]]:
    """Return what ran in the repo, and how it ended."""
    with chdir(repo.folder):
        return [(one["what"], one["exit_code"]) for one in evidence.read()[0]]


def test_each_command_runs_with_its_options_and_leaves_its_record(own_repo: Repo) -> None:
    before = len(ran(own_repo))
    done = own_repo.run("in-turn", "validate --json", "register")

    assert (done.code, done.err.count("register: version 1")) == (0, 1)
    assert done.out.startswith("{")
    assert ran(own_repo)[before:] == [("validate", 0), ("register", 0), ("in-turn", 0)]


def test_the_first_that_fails_ends_it_with_its_exit_code_and_its_words(own_repo: Repo) -> None:
    before = len(ran(own_repo))
    done = own_repo.run("in-turn", "validate nothing.csv", "register")

    assert (done.code, "nothing.csv" in done.err) == (2, True)
    assert ran(own_repo)[before:] == [("validate", 2), ("in-turn", 2)]


def test_a_command_that_is_not_there_is_named(own_repo: Repo) -> None:
    done = own_repo.run("in-turn", "validat")

    assert done.code == 2
    assert "did you mean 'validate'?" in done.err
