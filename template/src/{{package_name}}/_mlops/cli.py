# The template's. A command of yours is a new file in commands/: nothing here lists them.
"""The command line: one file in commands/ is one command."""

import ast
import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from . import PROJECT
from .errors import Problem, WrongInput, did_you_mean
from .paths import require_root

QUIET = ("MLFLOW_DISABLE_TELEMETRY", "DVC_NO_ANALYTICS", "BENTOML_DO_NOT_TRACK", "DO_NOT_TRACK")


class Commands(click.Group):
    """Finds commands by the names of the files, and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        files = (Path(__file__).parent / "commands").glob("[!_]*.py")
        return sorted(file.stem.replace("_", "-") for file in files)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands with the first line of each file: importing them all takes seconds."""
        folder = Path(__file__).parent / "commands"
        rows = [
            (name, ast.get_docstring(ast.parse((folder / file_name(name)).read_bytes())) or "")
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl([(name, text.splitlines()[0]) for name, text in rows])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Import one command; `WrongInput` when there is no such file."""
        known = self.list_commands(ctx)
        if cmd_name not in known:
            raise WrongInput(f"there is no command {cmd_name!r}", did_you_mean(cmd_name, known))
        name = file_name(cmd_name).removesuffix(".py")
        module = importlib.import_module(f"{__package__}.commands.{name}")
        command: click.Command = module.command
        return command


def file_name(command: str) -> str:
    """Return the file of a command."""
    return f"{command.replace('-', '_')}.py"


@click.group(cls=Commands, name=PROJECT, context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """Train, check and serve the model of this repo."""
    for switch in QUIET:
        os.environ.setdefault(switch, "true")
    os.environ.setdefault("BENTOML_HOME", str(Path(".bentoml").resolve()))
    # threads that spin while they wait are slow on shared machines, such as a CI runner
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    require_root()


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a `Problem` becomes one line and its exit code, anything else exit code 4."""
    try:
        program(arguments, prog_name=PROJECT)
    except Problem as problem:
        click.echo(f"error: {problem}", err=True)
        if problem.hint:
            click.echo(f"\nhint: {problem.hint}", err=True)
        sys.exit(problem.exit_code)
    except Exception as error:
        with tempfile.NamedTemporaryFile(
            "w", prefix=f"{PROJECT}-", suffix=".log", delete=False
        ) as log:
            traceback.print_exc(file=log)
        click.echo(f"internal error: {error}\n\nhint: the traceback is in {log.name}", err=True)
        sys.exit(4)


if __name__ == "__main__":
    main()
