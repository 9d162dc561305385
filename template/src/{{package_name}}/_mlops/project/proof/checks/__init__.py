# The template's. A file of yours here may hold checks of yours.
"""One class a check: a file of this folder is found by itself."""
