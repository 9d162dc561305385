"""Runs in a generated repo: writes odd content into a file, and asks the commands that read it.

Each answer has to be the design's: a line or more for people and exit code 0 to 3, in time.
"""

import io
import json
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SLOW = 900  # seconds of one command, also on a busy machine: more is a hang
ODD = (
    *(
        None,
        True,
        0,
        -1,
        1e308,
        float("nan"),
        float("inf"),
        10**30,
        "",
        "x",
        "é\u2028",
        "../..",
        "\0",
    ),
    *([], [None], [[]], {}, {"": None}, {"a": {"b": []}}, "9" * 5000),
)
TEXTS = (
    *(b"", b"\0", b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b"{", b"[", b"null", b"[]", b"1", b'"x"'),
    *(b"[" * 20_000, b'{"a":' * 20_000, b"a: &a [*a]", b"!!python/object/apply:os.getcwd []"),
    *(b"a: 1\na: 2\n", b"\t- x: [", b"? [a]\n: b\n", b"---\na: 1\n---\nb: 2\n", b"NaN", b"{}"),
)


def main(asked: dict[str, Any]) -> None:
    """Try so many contents for each file, and print what did not end as it should."""
    found: list[dict[str, Any]] = []
    tried = 0
    for pattern, commands in asked["files"].items():
        path = sorted(Path().glob(pattern))[0]
        whole = path.read_bytes()

        for number in range(asked["examples"]):
            content = changed(path, whole, random.Random(f"{asked['seed']} {pattern} {number}"))
            path.write_bytes(content)
            for command in commands:
                tried += 1
                code, said = answer(command)
                if code not in (0, 1, 2, 3, 10, 11) or "Traceback" in said or not said.strip():
                    found.append({"file": str(path), "command": command, "code": code})
                    found[-1] |= {"said": said[-300:], "content": describe(whole, content)}
                    print(found[-1], file=sys.stderr, flush=True)
            path.write_bytes(whole)
    print(json.dumps({"tried": tried, "wrong": found}))


def changed(path: Path, whole: bytes, choose: random.Random) -> bytes:
    """Return other content: odd as a whole, odd in one place, or with some bytes changed."""
    kind = choose.randrange(4)
    if kind == 0:
        return choose.choice(TEXTS)
    if kind == 1 or path.suffix not in (".json", ".jsonl", ".yaml"):
        return scarred(whole, choose)
    if path.suffix == ".jsonl":
        lines = whole.splitlines(keepends=True)
        at = choose.randrange(len(lines))
        lines[at] = json.dumps(replaced(json.loads(lines[at]), choose)).encode() + b"\n"
        return b"".join(lines)
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load(whole) if path.suffix == ".yaml" else json.loads(whole)
    content.pop("seal", None)  # what a careful editor would take out as well
    # JSON is YAML too
    return json.dumps(replaced(content, choose)).encode()


def scarred(whole: bytes, choose: random.Random) -> bytes:
    """Return bytes of which some are others, or that are cut off."""
    other = bytearray(whole)
    for _ in range(choose.choice([1, 1, 5])):
        other[choose.randrange(len(other))] = choose.randrange(256)
    return bytes(other[: choose.randrange(len(other))] if choose.randrange(3) == 0 else other)


def replaced(content: Any, choose: random.Random) -> Any:
    """Return a structure in which one value is odd, or missing, or has another name."""
    places = list(walk(content))
    if not places:
        return choose.choice(ODD)
    *way, last = choose.choice(places)
    part = content
    for key in way:
        part = part[key]
    if isinstance(part, dict) and choose.randrange(4) == 0:
        value = part.pop(last)
        if choose.randrange(2):
            part[f"{last}s"] = value
    else:
        part[last] = choose.choice(ODD)
    return content


def walk(content: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value."""
    inside = content.items() if isinstance(content, dict) else []
    inside = enumerate(content) if isinstance(content, list) else inside
    for key, value in inside:
        yield (*way, key)
        yield from walk(value, (*way, key))


def describe(whole: bytes, content: bytes) -> str:
    """Say how content differs, for people."""
    at = next((n for n, (a, b) in enumerate(zip(whole, content, strict=False)) if a != b), 0)
    return f"{len(content)} bytes, from {at}: {content[max(0, at - 40) : at + 60]!r}"


def answer(command: list[str]) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it said."""
    from late_flights._mlops import cli

    def late(*_: object) -> None:
        raise TimeoutError(f"{command} hangs")

    out, code = io.StringIO(), 0
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SLOW)
    with redirect_stdout(out), redirect_stderr(out):
        try:
            cli.main(list(command))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException as error:
            code = 99
            print(repr(error))
        finally:
            signal.alarm(0)
    return code, out.getvalue()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
