# The template's. Tests of a command of yours go into a file beside this folder.
"""The command line: help, wrong use, exit codes."""

import ast
import errno
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from .fixtures import ROOT, Repo
from .package import cli, errors, evidence, model, paths, schema

COMMANDS = cli.program.list_commands(click.Context(cli.program))


def test_help_lists_every_command_by_stage_with_a_line_each(repo: Repo) -> None:
    text = repo.must("--help").out
    listed = re.findall(r"^  ([a-z-]+)  +(\S.*)", text, re.MULTILINE)
    sections = re.findall(r"^(\w+):$", text, re.MULTILINE)
    stages = [stage.capitalize() for stage in cli.STAGES]

    assert [name for name, _ in listed] == COMMANDS
    assert [name for name in stages if name in sections] == sections[1:]  # after the options
    assert max(len(line) for _, line in listed) <= 60


@pytest.mark.parametrize("path", cli.find_commands().values(), ids=cli.find_commands())
def test_no_command_imports_a_command(path: Path) -> None:
    others = {other.stem for other in cli.find_commands().values()}
    tree = ast.parse(path.read_bytes())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    named = {part for node in imports for part in (node.module or "").split(".")}
    named |= {alias.name for node in imports if not node.module for alias in node.names}

    assert not named & others


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_what_it_takes_and_its_exit_codes(
    repo: Repo, command: str
) -> None:
    said = repo.must(command, "--help").out

    assert f"{command} [" in said
    assert "Exit codes" in said


HELP = f"""
from {cli.__package__} import cli
try: cli.main(['--help'])
except SystemExit: pass
"""
SERVICE = f"import {schema.__package__}.service"  # in both processes of a server


@pytest.mark.parametrize("start", [HELP, SERVICE], ids=["help", "service"])
def test_what_starts_often_imports_no_heavy_package(start: str) -> None:
    code = f"{start}\nimport sys; print(*({{'mlflow', 'sklearn', 'skops'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize("wrong", [["trian"], ["--fast"], ["promote", "1", "2"], ["predict"]])
def test_wrong_use_is_exit_code_2(repo: Repo, wrong: list[str]) -> None:
    assert repo.run(*wrong).code == 2


@pytest.mark.parametrize(
    ("typed", "offered"), [("pro", "promote"), ("promote --f", "--force"), ("no-such", "")]
)
def test_a_shell_completes_commands_and_options(repo: Repo, typed: str, offered: str) -> None:
    variable = f"_{cli.PROJECT.upper().replace('-', '_')}_COMPLETE"
    asked = {
        variable: "bash_complete",
        "COMP_WORDS": f"{cli.PROJECT} {typed}",
        "COMP_CWORD": str(len(typed.split())),
    }
    program = [sys.executable, "-m", str(schema.__package__)]
    done = subprocess.run(
        program, cwd=repo.folder, env=os.environ | asked, capture_output=True, text=True
    )

    assert offered in done.stdout
    assert bool(done.stdout.strip()) == bool(offered)


def test_threads_sleep_while_they_wait_unless_you_say_otherwise() -> None:
    """The library of threads reads it once, when it is loaded."""
    said = f"import os, {cli.__name__}; print(os.environ['OMP_WAIT_POLICY'])"
    program = [sys.executable, "-c", said]
    known = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    for given, expected in (({}, "passive"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        found = subprocess.run(program, env=known | given, capture_output=True, text=True)
        assert found.stdout.strip() == expected, found.stderr


def test_below_the_root_files_are_those_of_the_folder_where_one_types(own_repo: Repo) -> None:
    below = Repo(own_repo.folder, paths.SAMPLE.parent)
    done = below.must("predict", "--input", paths.SAMPLE.name, "--output", "out.csv")
    wrong = below.run("validate", "../missing.csv")

    assert f"to {paths.SAMPLE.parent / 'out.csv'} by version 1" in done.err
    assert (own_repo.folder / paths.SAMPLE.parent / "out.csv").is_file()
    assert wrong.code == 2
    assert f"error: {paths.SAMPLE.parent}/../missing.csv does not exist" in wrong.err


def test_an_absolute_file_is_the_same_from_every_folder(own_repo: Repo, tmp_path: Path) -> None:
    files = own_repo.folder / paths.SAMPLE, tmp_path / "out.csv"
    Repo(own_repo.folder, Path("src")).must("predict", "--input", files[0], "--output", files[1])

    assert files[1].is_file()


def test_far_from_any_repo_nothing_is_touched(tmp_path: Path) -> None:
    done = Repo(tmp_path).run("set-up")

    assert done.code == 2
    assert f"hint: cd {shlex.quote(str(ROOT))}\n" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "code"), [(errors.Refused, 1), (errors.WrongInput, 2), (errors.OutsideFailed, 3)]
)
def test_a_problem_is_one_line_a_hint_and_its_exit_code(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, kind: type[errors.Problem], code: int
) -> None:
    def fail() -> None:
        raise kind("found this", "do that")

    monkeypatch.setattr(cli, "enter_root", fail)
    done = repo.run("validate")

    assert (done.code, done.err) == (code, "error: found this\n\nhint: do that\n")


def test_an_internal_error_keeps_its_traceback_in_a_file(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "enter_root", lambda: 1 / 0)
    monkeypatch.setattr(errors.tempfile, "tempdir", str(tmp_path))
    done = repo.run("validate")
    (log,) = tmp_path.iterdir()

    assert done.code == 4
    assert "Traceback" not in done.err
    assert str(log) in done.err
    assert "ZeroDivisionError" in log.read_text()


def test_a_name_nearby_is_suggested_and_a_far_one_gets_the_list() -> None:
    assert errors.did_you_mean("metrc", ["metric", "other"]) == "did you mean 'metric'?"
    assert errors.did_you_mean("x", ["b", "a"]) == "known are: a, b"
    assert errors.did_you_mean("x", map(str, range(300))).endswith("and 280 more")


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (
            "error: gpg failed to sign the data\nfatal: failed to write commit object\n",
            "error: gpg failed to sign the data",
        ),
        (
            "error: gpg failed to sign the data:\n[GNUPG:] KEY_CONSIDERED 0\n"
            "gpg: no secret key\n\nfatal: failed to write commit object\n",
            "error: gpg failed to sign the data: gpg: no secret key",
        ),
        (
            "fatal: Unable to create 'index.lock': File exists.\n\nAnother git process seems\n"
            "remove the file manually to continue.\n",
            "fatal: Unable to create 'index.lock': File exists.",
        ),
        (
            "Everything is up to date.\nERROR: Checkout failed for following targets:\n"
            "data/raw\nIs your cache up to date?\n<https://error.dvc.org/missing-files>\n",
            "ERROR: Checkout failed for following targets: data/raw",
        ),
        (
            "ERROR: unexpected error - disk full\n\nHaving any troubles? Hit us up\n",
            "ERROR: unexpected error - disk full",
        ),
        (
            "error: Request failed\n  Caused by: error sending\n  Caused by: no such host\n",
            "error: Request failed Caused by: no such host",
        ),
        (
            "Unexpected exit code: 128\nStderr: | fatal: '/x' is no repository\n"
            "              | \n              | and the repository exists.\n",
            "Stderr: | fatal: '/x' is no repository",
        ),
        ("error: no contract.yaml\n\nhint: cd to your repo\n", "error: no contract.yaml"),
        (
            "Some paths were left alone.\nhint: Disable this with advice.x\n",
            "Some paths were left alone.",
        ),
        ("Traceback\n  File x\nValueError: no\n\n", "ValueError: no"),
        ("\n", "nothing was said"),
    ],
)
def test_of_what_a_program_says_the_line_with_the_cause_is_passed_on(said: str, cause: str) -> None:
    assert errors.cause_of(said) == cause


@pytest.mark.parametrize(("free", "spared"), [(1 << 40, False), (1 << 20, True)])
def test_on_a_disk_that_is_nearly_full_nothing_is_compiled(
    monkeypatch: pytest.MonkeyPatch, free: int, spared: bool
) -> None:
    """Python 3.11 writes a part of what does not fit, and cannot read it later."""
    monkeypatch.setattr(cli.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")
    cli.spare_the_disk()

    assert sys.dont_write_bytecode is spared
    assert bool(os.environ["PYTHONDONTWRITEBYTECODE"]) is spared


FAILS = [
    ("import sys; sys.exit()", 2, "ends the process; expected that its function returns"),
    ("exit('bye')", 2, "ends the process; expected that its function returns"),
    ("{}['a']", 2, "fails: KeyError: 'a'"),
    ("open('/nowhere/x')", 3, "fails: FileNotFoundError: "),
]


@pytest.mark.parametrize(("line", "code", "said"), FAILS, ids=[line for line, _, _ in FAILS])
def test_a_file_of_yours_that_fails_or_ends_the_process_is_named(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, line: str, code: int, said: str
) -> None:
    """Without it an exit would count as done, and leave no model."""
    name = Path(str(schema.__file__)).parent / "model.py"
    space: dict[str, Callable[..., None]] = {}
    exec(compile(f"def build(params):\n    {line}\n", str(name), "exec"), space)
    monkeypatch.setattr(model, "build_model", space["build"])
    done = repo.run("train")

    assert done.code == code, done.err
    assert f"error: line 2 of model.py {said}" in done.err
    assert "Traceback" not in done.err


def test_a_file_of_yours_that_is_no_python_is_named() -> None:
    name = Path(str(schema.__file__)).parent / "model.py"
    said = pytest.raises(errors.WrongInput, match=r"line 1 of model\.py fails: SyntaxError")
    with said, errors.yours(cli.PROJECT):
        compile("def", str(name), "exec")


def test_an_exit_of_ours_is_a_verdict() -> None:
    with pytest.raises(SystemExit), errors.yours(cli.PROJECT):
        sys.exit(10)


def test_a_file_that_python_cannot_read_is_named_and_leaves_the_help_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("<<<<<<< before updating\ndef command():\n")
    read = SimpleNamespace(
        import_module=lambda _: compile(broken.read_bytes(), str(broken), "exec")
    )
    monkeypatch.setattr(cli, "importlib", read)
    monkeypatch.setattr(cli, "find_commands", lambda: {"broken": broken})
    with pytest.raises(SystemExit) as ended:
        cli.main(["broken"])

    assert ended.value.code == 2
    assert f"line 1 of {broken} fails: SyntaxError: invalid syntax" in capsys.readouterr().err
    assert cli.first_line(broken) == "cannot run: invalid syntax in line 1"


def test_a_full_disk_is_a_line_wherever_it_is_met(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(params: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "models/x")

    monkeypatch.setattr(model, "build_model", full)
    done = repo.run("train")

    assert (done.code, done.err.splitlines()[-3]) == (
        3,
        "error: cannot write models/x: no space left on device",
    )


def test_a_part_of_a_command_meets_a_full_disk_and_is_recorded_as_a_command_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "monitoring/x")

    group = click.Group("rollout", commands={"start": click.Command("start", callback=full)})
    cli.prepare("rollout", group)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(errors.OutsideFailed, match="cannot write monitoring/x: no space left"):
        group.main(["start"], standalone_mode=False)
    ended = [(one["what"], one["exit_code"]) for one in evidence.read()[0]]
    assert ended == [("rollout start", 3)]


def test_a_full_disk_of_the_tracking_store_is_a_line_too(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(params: object) -> None:
        with closing(sqlite3.connect(":memory:")) as store:
            store.execute("CREATE TABLE t (x)")
            store.execute("PRAGMA max_page_count = 2")
            try:
                store.execute("INSERT INTO t VALUES (zeroblob(100000))")
            except sqlite3.OperationalError as error:
                raise RuntimeError("of SQLAlchemy, or of MLflow") from error

    monkeypatch.setattr(model, "build_model", full)
    done = repo.run("train")

    assert (done.code, done.err.splitlines()[-3]) == (
        3,
        "error: cannot write into the tracking store: database or disk is full",
    )


def test_where_no_traceback_can_be_kept_the_cause_is_said_all_the_same(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "enter_root", lambda: 1 / 0)
    monkeypatch.setattr(errors.tempfile, "tempdir", str(tmp_path / "gone"))
    done = repo.run("validate")

    assert done.code == 4
    assert "internal error: division by zero" in done.err
    assert "the traceback is in no file: " in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_of_a_traceback_that_does_not_fit_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "some.log"

    def made(**asked: object) -> tuple[int, str]:
        path.touch()
        return os.open("/dev/full", os.O_WRONLY), str(path)

    monkeypatch.setattr(errors.tempfile, "mkstemp", made)

    assert "No space left" in errors.written_down(ValueError("no"), "x")
    assert not path.exists()


def test_of_many_reasons_the_first_are_said_and_how_many_follow() -> None:
    reasons = [f"{name} is not committed" for name in "abcde"]

    assert errors.first_of(reasons).endswith("c is not committed; and 2 more")
    assert errors.first_of(reasons[:3]).endswith("c is not committed")


@pytest.mark.usefixtures("repo")
def test_a_test_of_a_command_is_left_out_by_just_test(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("command")


def test_a_test_of_your_files_is_not(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("command") is None
