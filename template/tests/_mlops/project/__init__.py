# The template's. Tests of yours stand beside the folder _mlops.
"""The repo as a whole: set-up, pipeline, demo, updates."""
