# The template's. Nothing of yours belongs here: `start-from` runs it.
"""How a table of yours takes the place of the example."""
