# The template's. One verb, one file; the command line finds them by name.
"""The commands."""
