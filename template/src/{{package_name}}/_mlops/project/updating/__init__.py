# The template's. Nothing of yours belongs here: `update` runs it.
"""How this repo is updated from its template."""
