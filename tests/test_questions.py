"""What may be answered, what is refused and in which words, and what happens to odd answers."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml
from parsing import parse
from rendering import ANSWERS_FILE, CONFIG, LEVELS, ROOT, TASKS, render, text_files

COPIER = str(Path(sys.executable).with_name("copier"))
QUESTIONS = {name: q for name, q in CONFIG.items() if "help" in q}


def recorded(repo: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((repo / ANSWERS_FILE).read_text(encoding="utf-8"))
    return answers


def test_the_questions_are_the_agreed_ones_in_the_agreed_order() -> None:
    assert list(QUESTIONS) == [
        "project_name",
        "project_slug",
        "package_name",
        "description",
        "consumer",
        "latency_p95_ms",
        "owner_name",
        "owner_email",
        "maturity_level",
        "task",
        "extras",
        "ci",
        "data_remote",
        "license",
    ]


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_has_a_default_a_check_and_one_line_of_help(name: str) -> None:
    question = QUESTIONS[name]

    assert "default" in question
    assert "validator" in question or "choices" in question
    assert len(question["help"]) > 20
    assert "\n" not in question["help"]


@pytest.mark.parametrize("name", ["description", "consumer"])
def test_start_from_knows_what_the_example_says_of_itself(name: str) -> None:
    (writing,) = (ROOT / "template").rglob("starting/writing.py")
    (said,) = re.findall("'Late flights' %}(.+?){% else", QUESTIONS[name]["default"])

    assert said in writing.read_text(encoding="utf-8")


COLUMNS = 80


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_line_of_a_question_fits_a_small_terminal(
    repos: Callable[[int, str], Path], name: str
) -> None:
    question, mark, indent = QUESTIONS[name], "🎤 ", "  "
    given = str(recorded(repos(0, "classification"))[name])

    assert len(mark) + 1 + len(question["help"]) <= COLUMNS, "the mark is two columns wide"
    for line in [given, *question.get("choices", [])]:
        assert len(f"{indent} > {line}") <= COLUMNS


def test_defaults_render_and_every_answer_is_recorded(repos: Callable[[int, str], Path]) -> None:
    answers = recorded(repos(0, "classification"))

    assert answers.keys() - {"_commit", "_src_path"} == QUESTIONS.keys()
    assert answers["project_slug"] == "late-flights"
    assert answers["package_name"] == "late_flights"
    assert answers["owner_name"] == "Data Science Team"
    assert answers["owner_email"] == "data-science@example.com"
    assert answers["latency_p95_ms"] == 100
    assert answers["maturity_level"] == 0
    assert answers["data_remote"] == ""
    assert answers["ci"] == "github"


def leaves(node: Any) -> list[Any]:
    """Return the scalars below a node of YAML."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
    return [node] if children is None else [leaf for child in children for leaf in leaves(child)]


REFUSED = [
    ("project_name", "", "Type at least one word"),
    ("project_name", "a\nb", "Type one line of plain text"),
    ("project_slug", "Late Flights", "like late-flights"),
    ("project_slug", "mlflow", "Type another, like mlflow-project"),
    ("package_name", "late-flights", "like late_flights"),
    ("package_name", ".git/hooks", "like late_flights"),
    ("package_name", "json", "Type another, like json_project"),
    ("package_name", "class", "Type another, like class_project"),
    ("description", "x" * 201, "Type at most 200"),
    ("consumer", "a\tb", "Type one line of plain text"),
    ("latency_p95_ms", "0", "Type 1 to 60000, a whole number"),
    ("latency_p95_ms", "60001", "Type 1 to 60000, a whole number"),
    ("latency_p95_ms", "fast", "Type 1 to 60000, a whole number, not 'fast'"),
    ("latency_p95_ms", "12.5", "Type 1 to 60000, a whole number"),
    ("latency_p95_ms", "-5", "Type 1 to 60000, a whole number"),
    ("latency_p95_ms", "٣٣", "Type 1 to 60000, a whole number"),
    ("owner_name", " Ada", "Type it without"),
    ("owner_email", "ada", "Type one like data-science@example.com"),
    ("maturity_level", "7", f"7 is not in {LEVELS}"),
    ("task", "clustering", f"'clustering' is not in {TASKS}"),
    ("extras", ["training"], "'training' is not in"),
    ("ci", "bitbucket", "'bitbucket' is not in"),
    ("extras", ["airflow"], "airflow needs level 1, and this is level 0"),
    ("extras", ["container"], "container needs level 1, and this is level 0"),
    ("extras", ["kubeflow"], "kubeflow needs level 1, and this is level 0"),
    ("extras", ["kubernetes"], "kubernetes needs level 1, and this is level 0"),
    ("data_remote", "ftp://host/x", "Type an address that starts with s3://"),
    ("data_remote", "/x\n[core]", "Type an address that starts with s3://"),
    ("license", "GPL", "'GPL' is not in ['Proprietary'"),
]


def copy(template: Path, destination: Path, **answers: str) -> subprocess.CompletedProcess[str]:
    given = [f"--data={name}={answer}" for name, answer in answers.items()]
    command = [COPIER, "copy", "--trust", "--defaults", "--vcs-ref=HEAD", *given]
    return subprocess.run(
        [*command, str(template), str(destination)], capture_output=True, text=True
    )


@pytest.mark.parametrize(("name", "answer", "told"), REFUSED)
def test_a_bad_answer_is_refused_in_words_and_leaves_nothing(
    plain: Path, tmp_path: Path, name: str, answer: str, told: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        render(plain, tmp_path / "repo", **{name: answer})

    assert told in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_ends_with_what_to_type(template: Path, tmp_path: Path) -> None:
    done = copy(template, tmp_path / "repo", package_name="json")

    assert done.returncode == 1
    assert "Type another, like json_project" in done.stderr.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_says_what_to_run_next(template: Path, tmp_path: Path) -> None:
    destination = tmp_path / "a repo"

    done = copy(template, destination, project_name="Späte Flüge")

    assert done.returncode == 0
    assert f"  cd '{destination}'\n  uv run just demo\n" in done.stderr


ODD = "q\" ' \\ \\n {x} $HOME `id` # : - & * ! | > %s @ ü 航班 🛫"
FREE_TEXT = ("project_name", "description", "consumer", "owner_name")


@pytest.mark.parametrize(
    "texts",
    [(ODD, ODD, ODD, ODD), ("no", "1e3", "null", "- a: b"), ("'''", '"""', "\\", "*")],
    ids=["characters", "yaml", "quotes"],
)
@pytest.mark.parametrize(
    "task", [TASKS[0], *(pytest.param(task, marks=pytest.mark.e2e) for task in TASKS[1:])]
)
def test_odd_text_arrives_as_it_was_typed(
    generate: Callable[..., Path], texts: tuple[str, ...], task: str
) -> None:
    given = dict(zip(FREE_TEXT, texts, strict=True))

    repo = generate(**given, project_slug="odd", package_name="odd", task=task)

    assert given.items() <= recorded(repo).items()
    for path, content in text_files(repo):
        parse(path, content)
    contract = yaml.safe_load((repo / "contract.yaml").read_text(encoding="utf-8"))
    assert {given["consumer"], given["owner_name"]} <= set(leaves(contract))
    project = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "odd"


@pytest.mark.parametrize("name", ["航班", "MLflow"])
def test_every_project_name_renders_with_defaults(generate: Callable[..., Path], name: str) -> None:
    repo = generate(project_name=name)

    assert (repo / "src" / recorded(repo)["package_name"]) in (repo / "src").iterdir()


@pytest.mark.parametrize("given", [250, "0250"])
def test_milliseconds_are_recorded_and_promised_as_a_number(
    generate: Callable[..., Path], given: int | str
) -> None:
    repo = generate(latency_p95_ms=given)

    contract = yaml.safe_load((repo / "contract.yaml").read_text(encoding="utf-8"))
    assert contract["service"]["latency_p95_ms"] == 250
    assert recorded(repo)["latency_p95_ms"] == 250


def test_a_project_of_another_name_is_not_described_as_the_example(
    generate: Callable[..., Path],
) -> None:
    repo = generate(project_name="Penguins")

    for path in ("README.md", "MODEL_CARD.md", "contract.yaml", "pyproject.toml"):
        text = (repo / path).read_text(encoding="utf-8").lower()
        assert "penguins" in text
        assert not {"flight", "passenger", "late"} & set(re.findall(r"\w+", text)), path


def test_a_data_remote_is_recorded_and_its_client_installed(generate: Callable[..., Path]) -> None:
    repo = generate(data_remote="s3://bucket/late-flights")

    assert "dvc[s3]" in (repo / "pyproject.toml").read_text(encoding="utf-8")
    assert "s3://bucket/late-flights" in (repo / ".dvc" / "config").read_text(encoding="utf-8")


@pytest.mark.e2e
def test_a_person_is_offered_the_identity_that_git_knows(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else prompt_toolkit asks the terminal where the cursor is and waits for an answer.
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    destination = tmp_path / "repo"
    arguments = ["copy", "--trust", "--vcs-ref=HEAD", str(template), str(destination)]

    with pexpect.spawn(
        COPIER, arguments, timeout=30, dimensions=(50, COLUMNS), cwd=str(tmp_path)
    ) as terminal:
        for name, question in QUESTIONS.items():
            terminal.expect_exact(question["help"])
            if name == "latency_p95_ms":
                terminal.send("\b\b\bfast\r")
                terminal.expect_exact("Type 1 to 60000, a whole number")
                terminal.send("\b\b\b\b100")
            terminal.send("\r")
        terminal.expect_exact("uv run just demo")
        terminal.expect(pexpect.EOF)

    assert recorded(destination)["owner_name"] == "Template Maintainer"
    assert recorded(destination)["owner_email"] == "maintainer@example.org"
