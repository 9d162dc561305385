# The template's. What production-ready means is yours, in contract.yaml.
"""How a version reaches its users: step by step, watched, with a way back."""
