# The template's. What production-ready means is yours, in contract.yaml.
"""How a version reaches its users: packaged, accepted, rolled out step by step."""
