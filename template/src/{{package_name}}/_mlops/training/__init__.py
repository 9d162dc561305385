# The template's. Yours are model.py and metrics.py.
"""The model is fitted and evaluated."""
