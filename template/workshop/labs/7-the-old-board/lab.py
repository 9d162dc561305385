# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 7: the answer becomes nicer, and an old program cannot read it."""

import subprocess
import sys
from pathlib import Path

from tools import SOURCE, OutsideFailed, edit, errors, git, guarded, save, write

MESSAGE = "Answer in words that people understand"
SERVICE, BOARD, EVENING = SOURCE / "service.py", Path("desk/board.py"), Path("desk/evening.py")
HERE = Path(__file__).parent
ANSWER = 'return Answer(**champion.answer(given, ctx.request.headers["x-request-id"]))'
NICER = """answer = champion.answer(given, ctx.request.headers["x-request-id"])
        answer["predictions"] = [WORDS[found] for found in answer["predictions"]]
        return Answer(**answer)"""
WORDS = """
WORDS = {"on_time": "Probably on time", "late": "Probably late"}


@bentoml.service("""


def break_it() -> None:
    """Bring the desk's old program into view, and answer in other words than it knows."""
    for file in (BOARD, EVENING):
        text = (HERE / f"{file.name}.txt").read_text(encoding="utf-8")
        write(file, text.partition("\n")[2])
    edit(SERVICE, ("\n\n@bentoml.service(", WORDS), (ANSWER, NICER))


def untouched(broken: str) -> str:
    """The desk's program is as the desk has it."""
    for file in (BOARD, EVENING):
        if not file.is_file() or git("hash-object", str(file)) != git(
            "rev-parse", f"{broken}:./{file}"
        ):
            return f"{file} is not yours to change: the desk will go on with the old one"
    return ""


def readable(broken: str) -> str:
    """The board shows every flight of the evening."""
    done = subprocess.run([sys.executable, str(EVENING)], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise OutsideFailed(f"the evening could not be played: {errors.cause_of(done.stderr)}")
    return done.stderr.strip() if done.returncode else ""


def tested(broken: str) -> str:
    """A test of yours says no when somebody changes the words again."""
    return guarded(broken, str(SERVICE))


CHECKPOINTS = (untouched, readable, tested)

TEST = """

def test_the_desk_s_board_can_read_each_answer(service, rows):
    answer = service.post("/predict", json={"rows": rows})

    spec = importlib.util.spec_from_file_location("board", ROOT / "desk/board.py")
    board = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(board)
    assert "?????" not in " ".join(board.lines(rows, answer.json()))
"""


def solve(broken: str) -> None:
    """Answer as agreed, and let a test try the desk's program on the answer."""
    git("checkout", f"{broken}~1", "--", str(SERVICE))
    add_test(TEST)
    save("Answer in the words that the desk knows")


def add_test(test: str) -> None:
    """Put a test at the end of those of the service."""
    tests = Path("tests/test_service.py")
    imports = "import importlib.util\nimport json\nfrom pathlib import Path\n\nimport pytest\n"
    root = "\nROOT = Path(__file__).parents[1]\n"
    edit(tests, ("import json\n\nimport pytest\n", imports + root))
    with tests.open("a", encoding="utf-8") as file:
        file.write(test)


def change_the_desk(broken: str) -> None:
    """Teach the desk's program the new words."""
    edit(BOARD, ('"on_time"', '"Probably on time"'), ('"late"', '"Probably late"'))


def without_a_test(broken: str) -> None:
    """Answer as agreed, and trust that nobody does it again."""
    git("checkout", f"{broken}~1", "--", str(SERVICE))


def a_test_that_never_fails(broken: str) -> None:
    """Answer as agreed, with a test that looks at the status alone."""
    git("checkout", f"{broken}~1", "--", str(SERVICE))
    add_test(
        "\n\ndef test_the_desk_is_answered(service, rows):\n"
        '    assert service.post("/predict", json={"rows": rows}).status_code == 200\n'
    )


MISTAKES = (change_the_desk, without_a_test, a_test_that_never_fails)
