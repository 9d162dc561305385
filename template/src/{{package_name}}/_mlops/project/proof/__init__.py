# The template's. A check of yours is a new file in checks/: nothing lists them.
"""What a repo has proven: checks, the records they rest on, scores and a page."""
