# The template's. A command of yours is a file in here with a name of its own.
"""The commands."""
