# The template's. A command of yours is a new file in _mlops/commands/.
"""Run the command line with `python -m`."""

from ._mlops.cli import main

main()
