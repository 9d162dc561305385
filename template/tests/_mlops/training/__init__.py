# The template's. Tests of yours stand beside the folder _mlops.
"""The model is fitted and evaluated."""
