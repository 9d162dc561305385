# The template's. A command of yours is a new file in one of these folders: nothing lists them.
"""The command line: a file with a function `command` is a command, its folder is its section."""

import ast
import importlib
import os
import shutil
import sys
from functools import cache
from pathlib import Path

import click

from . import PROJECT, evidence
from .access import asking
from .errors import Problem, WrongInput, did_you_mean, without_passwords, written_down, yours
from .paths import enter_root

HERE = Path(__file__).parent
STAGES = (
    "data",
    "tracking",
    "training",
    "registry",
    "serving",
    "monitoring",
    "delivery",
    "project",
)
EXIT_CODES = (
    "Exit codes, unless said above: 0 done, 1 the check fails, 2 wrong use or input, 3 something "
    "outside failed, 4 internal error."
)
SPARE = 64 << 20  # bytes
QUIET = ("MLFLOW_DISABLE_TELEMETRY", "DVC_NO_ANALYTICS", "BENTOML_DO_NOT_TRACK", "DO_NOT_TRACK")


class Commands(click.Group):
    """Finds commands by the names of the files, and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, stage by stage."""
        return list(find_commands())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands with the first line of each file: importing them all takes seconds."""
        found = find_commands()
        width = max(map(len, found))
        for stage in dict.fromkeys(path.parent for path in found.values()):
            with formatter.section(stage.name.capitalize()):
                rows = [
                    (f"{name:<{width}}", first_line(path))
                    for name, path in found.items()
                    if path.parent == stage
                ]
                formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Import one command; `WrongInput` when there is no such file."""
        found = find_commands()
        if cmd_name not in found:
            raise WrongInput(f"there is no command {cmd_name!r}", did_you_mean(cmd_name, found))
        return load(cmd_name, found[cmd_name])


@cache
def load(name: str, path: Path) -> click.Command:
    """Import a command; each run of it leaves a record, unless its file says `RECORDED = False`."""
    with yours(PROJECT):
        module = importlib.import_module(f"{__package__}.{path.parent.name}.{path.stem}")
    command: click.Command = module.command
    command.epilog = command.epilog or EXIT_CODES
    prepare(name, command, recorded=getattr(module, "RECORDED", True))
    return command


def prepare(name: str, command: click.Command, *, recorded: bool = True) -> None:
    """Let a command, or each part of one such as `rollout start`, say what failed in a line."""
    if isinstance(command, click.Group):
        for part, one in command.commands.items():
            prepare(f"{name} {part}", one, recorded=recorded)
    elif command.callback:
        work = yours(PROJECT)(asking()(command.callback))
        command.callback = evidence.recorded(name, work) if recorded else work


def find_commands() -> dict[str, Path]:
    """Return the file of each command, in the order of the stages and then by name."""
    folders = [*map(HERE.joinpath, STAGES), *sorted(HERE.iterdir())]
    files = [path for folder in dict.fromkeys(folders) for path in sorted(folder.glob("[!_]*.py"))]
    return {
        path.stem.replace("_", "-"): path
        for path in files
        if b"\ndef command(" in path.read_bytes()
    }


def first_line(path: Path) -> str:
    """Return what a file says about itself in its first line."""
    try:
        return (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0]
    except SyntaxError as error:
        return f"cannot run: {error.msg} in line {error.lineno}"


@click.group(
    cls=Commands,
    name=PROJECT,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.pass_context
def program(ctx: click.Context) -> None:
    """Train, check and serve the model of this repo."""
    ctx.obj = enter_root()
    for switch in QUIET:
        os.environ.setdefault(switch, "true")
    os.environ.setdefault("BENTOML_HOME", str(Path(".bentoml").resolve()))
    os.environ["LANGUAGE"] = "en"  # of what git says, the line with the cause is passed on
    # the stages of dvc.yaml say `python`: let it be this one, whoever calls and from where
    scripts, others = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    if others.split(os.pathsep)[0] != scripts:
        os.environ["PATH"] = os.pathsep.join((scripts, others))


def spare_the_disk() -> None:
    """Keep no compiled files where the disk is nearly full.

    Of what does not fit, Python 3.11 would leave a part, at which every later command stops.
    """
    if shutil.disk_usage(HERE).free < SPARE:
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a `Problem` becomes one line and its exit code, anything else exit code 4."""
    spare_the_disk()
    try:
        program(arguments, prog_name=PROJECT)
    except Problem as problem:
        click.echo(f"error: {problem}", err=True)
        if problem.hint:
            click.echo(f"\nhint: {problem.hint}", err=True)
        sys.exit(problem.exit_code)
    except Exception as error:
        said = (
            f"internal error: {error}\n\nhint: the traceback is in {written_down(error, PROJECT)}"
        )
        click.echo(without_passwords(said), err=True)
        sys.exit(4)


if __name__ == "__main__":
    main()
