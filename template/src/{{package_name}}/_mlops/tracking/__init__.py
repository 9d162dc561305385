# The template's. Yours is the address of the store, in MLFLOW_TRACKING_URI.
"""What a training run was made of and what it produced, kept by MLflow."""
