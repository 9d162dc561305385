# The template's. Tests of yours stand beside the folder _mlops.
"""What the champion was asked and answered, and whether that is still good."""
