"""Does the text of a file mean what its name says? Stricter than the tools that will read it."""

import ast
import configparser
import json
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml


class OneOfEachKey(yaml.CSafeLoader):
    """YAML that refuses a key given twice, of which other readers keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"given twice: {twice}")
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> list[Any]:
    """Return the documents of a YAML file."""
    return list(yaml.load_all(text, Loader=OneOfEachKey))


def parse_ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


PARSERS: dict[str, Callable[[str], Any]] = {
    ".yml": parse_yaml,
    ".yaml": parse_yaml,
    ".dvc": parse_yaml,
    ".lock": parse_yaml,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".ipynb": json.loads,
    ".py": ast.parse,
    ".ini": parse_ini,
}


def parse(path: Path, text: str) -> Any:
    """Parse a file by its name; return nothing for a kind that has no grammar.

    What a worker parsed once it has again for nothing: most files of two repos are the same.
    """
    return parsed(".ini" if path == Path(".dvc/config") else path.suffix, text)


@cache
def parsed(kind: str, text: str) -> Any:
    parser = PARSERS.get(kind)
    return parser(text) if parser else None
