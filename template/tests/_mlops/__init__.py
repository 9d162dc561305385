# The template's. Tests of yours stand beside this folder and import the package by its name.
"""Tests of the glue, by the stages of a model's life; they know neither package nor columns."""
