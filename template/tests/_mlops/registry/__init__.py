# The template's. Tests of yours stand beside the folder _mlops.
"""Versions of the model: registered, checked, described and compared."""
