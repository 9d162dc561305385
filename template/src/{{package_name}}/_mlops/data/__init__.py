# The template's. Yours are schema.py, data.py and features.py.
"""Batches taken in, validated, and turned into tables to train on."""
