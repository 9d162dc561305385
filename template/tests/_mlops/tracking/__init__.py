# The template's. Tests of yours stand beside the folder _mlops.
"""What a training run was made of and what it produced, kept by MLflow."""
