# The template's. Checks of yours go into a command of yours.
"""What the champion was asked and answered, and whether that is still good."""
