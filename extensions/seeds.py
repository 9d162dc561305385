"""What does this version of the template write for the user's own files?"""

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

SEEDS = (
    "MODEL_CARD.md.jinja",
    "README.md.jinja",
    "contract.yaml.jinja",
    "data/incoming/*",
    "data/raw/*",
    "params.yaml",
    "src/{{package_name}}/[a-z]*",
    "tests/conftest.py",
    "tests/data/*",
    "tests/test_*",
)


@pass_context
def seed_hashes(context: Context) -> dict[str, str]:
    """Return the SHA-256 of each file of the user's that another data set replaces, by its path."""
    env = context.environment
    loader: Any = env.loader
    folders = map(Path, loader.searchpath)
    root = next(folder for folder in folders if (folder / "template").is_dir())
    found = {"about": "The template's: the files as it wrote them; yours when they differ."}
    for pattern in SEEDS:
        for path in sorted((root / "template").glob(pattern)):
            if path.is_file():
                name = path.relative_to(root / "template").as_posix()
                written = env.from_string(name.removesuffix(".jinja")).render(context.get_all())
                content = path.read_bytes()
                if name.endswith(".jinja"):
                    template = env.get_template((Path("template") / name).as_posix())
                    content = template.render(context.get_all()).encode()
                found[written] = hashlib.sha256(content).hexdigest()
    return found


class Seeds(Extension):
    """Offer the hashes to the file that `start-from` compares with."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["seed_hashes"] = seed_hashes
