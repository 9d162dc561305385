# The template's. Commands stand in _mlops/commands/.
"""Run the command line with `python -m`."""

from ._mlops.cli import main

main()
