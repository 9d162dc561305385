# The template's. Bounds are yours, in contract.yaml and params.yaml.
"""What the champion was asked and answered, and whether that is still good."""
