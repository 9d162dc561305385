# The template's. Tests of yours stand beside the folder _mlops.
"""The champion answers: over HTTP, or for a whole file."""
