# The template's. Tests of yours stand beside the folder _mlops.
"""How a version reaches its users: packaged, accepted, rolled out step by step."""
