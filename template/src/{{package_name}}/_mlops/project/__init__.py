# The template's. Recipes of yours go into project.just.
"""The repo as a whole: set-up, pipeline, demo, updates."""
