"""Which names may a project, its command and its Python package have?"""

import keyword
import re
import sys
import unicodedata

from jinja2 import Environment
from jinja2.ext import Extension

# Whatever a generated repo imports, runs or keeps at its root. Its own package
# and command stand in front of these on the path and would hide them.
TAKEN = set(
    """
    alembic bentoml copier data docs dvc evidently fastapi git httpx import_linter
    jinja2 joblib just lint_imports matplotlib mlflow models mypy nannyml notebooks numpy ops
    pandas pandera pip pip_audit polars pre_commit prometheus_client pyarrow pydantic pytest
    python reports requests ruff scipy site sklearn skops src sqlalchemy starlette tests typer
    uv uvicorn uvx xgboost yaml
    """.split()
)
LONGEST = 50


def slugify(text: str) -> str:
    """Turn any text into lower-case ASCII words joined by dashes.

    Text without a single usable letter, or whose slug is already taken, still
    gives a valid slug, so that `--defaults` renders for every project name.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug or not slug[0].isalpha():
        slug = f"project-{slug}".strip("-")
    slug = slug[: LONGEST - len("-project")].strip("-")
    return f"{slug}-project" if slug_problem(slug) else slug


def package_name(slug: str) -> str:
    """Turn a slug into an importable name that hides no other module."""
    name = slug.replace("-", "_")
    return f"{name}_project" if package_problem(name) else name


def slug_problem(slug: str) -> str:
    """Say what to type instead of this slug, or nothing when it is fine."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug) or len(slug) > LONGEST:
        return (
            f"{slug!r} cannot name a command and a folder. Type lower-case letters, digits and "
            f"single dashes, a letter first, at most {LONGEST} characters, like late-flights"
        )
    if slug.replace("-", "_") in TAKEN:
        return (
            f"{slug!r} is the name of a tool that the repo uses. Type another, like {slug}-project"
        )
    return ""


def package_problem(name: str) -> str:
    """Say what to type instead of this package name, or nothing when it is fine."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST:
        return (
            f"{name!r} cannot name a Python package. Type lower-case letters, digits and "
            f"single underscores, a letter first, at most {LONGEST} characters, like late_flights"
        )
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in TAKEN:
        return (
            f"{name!r} would hide what `import {name}` means in Python or in the repo. "
            f"Type another, like {name}_project"
        )
    return ""


class Names(Extension):
    """Offer the names to `copier.yml`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["slugify"] = slugify
        environment.filters["package_name"] = package_name
        environment.filters["slug_problem"] = slug_problem
        environment.filters["package_problem"] = package_problem
