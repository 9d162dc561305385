# The template's. Tests of yours stand beside the folder _mlops.
"""Batches taken in, validated, and turned into tables to train on."""
