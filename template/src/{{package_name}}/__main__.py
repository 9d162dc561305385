# The template's. A command of yours is a new file in one of the folders of _mlops/.
"""Run the command line with `python -m`."""

from ._mlops.cli import main

main()
