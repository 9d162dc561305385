# The template's. The bars are yours, in contract.yaml.
"""Versions of the model: registered, checked, described and compared."""
