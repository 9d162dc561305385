"""Do three commands lead from somebody's table to a served prediction, with every check green?"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from first_run import FirstRun, FirstRuns, run, try_to_run
from postgres import PASSWORD, running_postgres
from public_data import MORE, THREE, PublicData
from rendering import git, render

pytestmark = pytest.mark.e2e
OUR_TESTS = ("tests", "--ignore=tests/_mlops")
SETS = [
    *(pytest.param(one, id=one.name) for one in THREE),
    *(pytest.param(one, id=one.name, marks=pytest.mark.all) for one in MORE),
]
TWO_LABELS = next(one for one in MORE if len(one.labels) == 2)
FLIGHTS = r"flight|airline|airport|carrier|arr_delay|dep_delay|tailnum"
Generate = Callable[[str, int], Path]


@pytest.fixture(scope="module")
def generate(
    template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory
) -> Generate:
    """Return a function that generates a repo of this name and level, packages included."""

    def equipped(name: str, level: int) -> Path:
        folder = tmp_path_factory.mktemp("own") / "our data"
        return first_runs.equip(render(template, folder, project_name=name, maturity_level=level))

    return equipped


def start(repo: Path, path: str, *options: str) -> str:
    """Run `start-from` without questions; return what it said."""
    done = run(repo, "uv", "run", "just", "start-from", path, *options, "--yes")
    return done.stdout + done.stderr


@pytest.mark.parametrize("found", SETS)
def test_a_public_data_set_is_served_after_three_commands(
    generate: Generate, tmp_path_factory: pytest.TempPathFactory, found: PublicData
) -> None:
    repo = generate("Own", 0)
    path = found.write(tmp_path_factory.getbasetemp())
    said = start(repo, path, "--target", found.target, *found.options)
    for name, role in found.left_out.items():
        assert any(name in line and role in line for line in said.splitlines()), (name, role)

    run(repo, "uv", "run", "just", "check")
    done = run(repo, "uv", "run", "just", "demo")
    first = FirstRun(found.name, repo, done.stdout + done.stderr)
    assert first.beats_baselines()
    assert first.served["model_version"] == "1"
    assert first.json("models/candidate/manifest.json")["dirty"] is False
    if found.labels:
        assert tuple(first.served["probabilities"][0]) == found.labels
        assert sum(first.served["probabilities"][0].values()) == pytest.approx(1)
        report = first.json("reports/metrics.json")
        assert [one["label"] for one in report["labels"]] == list(found.labels)
    else:
        assert isinstance(first.served["predictions"][0], float)

    passed = run(repo, "uv", "run", "just", "test", *OUR_TESTS)
    assert " passed" in passed.stdout
    theirs = [f":!{path}" for path in ("src/*/_mlops/*", "tests/_mlops", "docs/handbook")]
    left = try_to_run(repo, "git", "grep", "-ilE", FLIGHTS, "--", ".", *theirs)
    assert left.stdout == ""


@pytest.mark.all
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("found", [*THREE, TWO_LABELS], ids=lambda found: found.name)
def test_the_tests_of_the_glue_pass_at_each_level(
    generate: Generate, tmp_path_factory: pytest.TempPathFactory, found: PublicData, level: int
) -> None:
    repo = generate("Own", level)
    start(repo, found.write(tmp_path_factory.getbasetemp()), "--target", found.target)
    done = run(repo, "uv", "run", "just", "test-all", "-q")

    assert " passed" in done.stdout
    assert " failed" not in done.stdout


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return customers with a planted leak, an address of each, and decimal commas."""
    path = tmp_path_factory.mktemp("churn") / 'Kunden "März".csv'
    lines = [f"Kunde;E-Mail;Umsatz €;Tarif;gekündigt am;{'Œ' * 120};Churned"]
    for number in range(240):
        gone = number * 7 % 10 < 3
        month = f"{number % 12 + 1:02}.2024" if gone else ""
        lines.append(
            f"{number + 1};k{number}@example.com;{20 + number % 17 + 9 * gone},{number % 100:02};"
            f"{('S', 'M', 'L')[number % 3]};{month and '01.' + month};{number % 5};"
            f"{'Y' if gone else 'N'}"
        )
    path.write_bytes("\r\n".join(lines).encode("cp1252") + b"\r\n")
    return path


def test_a_planted_leak_and_an_address_are_named_and_no_features(
    generate: Generate, churn: Path
) -> None:
    repo = generate("Own", 0)
    before = own_files(repo)
    tried = run(
        repo, "uv", "run", "just", "start-from", str(churn), "--target", "Churned", "--pretend"
    )
    assert own_files(repo) == before, "--pretend wrote something"

    said = start(repo, str(churn), "--target", "Churned")
    assert "gekuendigt_am is no feature: it is filled only when churned is y" in said
    assert "e_mail is no feature" in tried.stderr
    features = (repo / "src/own/features.py").read_text(encoding="utf-8")
    assert '"gekuendigt_am"' in features.partition("KNOWN_TOO_LATE")[2]
    assert "e_mail" not in features
    assert b"@example.com" not in (repo / "tests/data/sample.parquet").read_bytes()
    assert git(repo, "log", "--format=%s").splitlines() == [
        "Start from Kunden _März_.csv",
        "Start from the template",
    ]

    run(repo, "uv", "run", "just", "check")  # whatever names and letters the table has
    again = start(repo, str(churn), "--target", "Churned")
    assert "nothing to do" in again
    assert git(repo, "status", "--porcelain") == ""

    later = repo / "data/incoming/later.csv"  # the next file of the same origin is read as well
    later.write_bytes(churn.read_bytes())
    read = run(repo, "uv", "run", "own", "validate", str(later))
    assert "240 rows fit the schema" in read.stderr


def own_files(repo: Path) -> dict[str, bytes]:
    """Return the content of all files that are not of the environment, which uv makes first."""
    environment = {".venv", "__pycache__", ".evidence", "uv.lock"}
    return {
        str(path.relative_to(repo)): path.read_bytes()
        for path in repo.rglob("*")
        if path.is_file() and not environment.intersection(path.parts)
    }


def test_what_a_person_changed_is_replaced_only_by_force(generate: Generate, churn: Path) -> None:
    repo = generate("Own", 0)
    schema = repo / "src/own/schema.py"
    schema.write_text(schema.read_text(encoding="utf-8") + "\n# ours\n", encoding="utf-8")
    before = own_files(repo)
    ask = ("uv", "run", "just", "start-from", str(churn), "--target", "Churned")
    refused = try_to_run(repo, *ask, "--yes")

    assert refused.returncode == 1
    assert "-# ours" in refused.stderr
    assert "error: 1 file was changed by a person, such as src/own/schema.py" in refused.stderr
    changed = {name for name, content in own_files(repo).items() if before.get(name) != content}
    notes = ("models/.lock", ".git/", ".dvc/tmp/")
    assert {name for name in changed if not name.startswith(notes)} == set()

    nobody = try_to_run(repo, *ask)
    assert nobody.returncode == 2
    assert "nobody is here to agree to the proposal" in nobody.stderr

    run(repo, *ask, "--yes", "--force")
    assert "# ours" not in schema.read_text(encoding="utf-8")
    git(repo, "revert", "--no-edit", "HEAD")
    assert "# ours" in schema.read_text(encoding="utf-8")
    assert sorted(path.name for path in repo.glob("build/replaced/*/data/raw/*.parquet"))


SHOP = """
import os, psycopg2
base = psycopg2.connect(os.environ["SHOP"])
base.cursor().execute('''
    create table customers (
        id serial primary key, since timestamptz, birthday date, spent numeric(10, 2),
        visits smallint, member boolean, plan text, device uuid, tags text[], churned boolean
    );
    insert into customers select
        n, timestamptz '2024-01-01 00:00+01' + n * interval '1 hour', date '1980-01-01' + n,
        case when n % 17 > 0 then (n % 97) + 0.25 end, n % 5, n % 2 = 0,
        (array['S', 'M', 'L'])[1 + n % 3], md5(n::text)::uuid, array['a', 'b'],
        n * 7 % 10 < 3 or n % 97 > 80
    from generate_series(1, 300) n''')
base.commit()
"""


def test_a_query_of_postgresql_is_a_table_like_others(generate: Generate) -> None:
    repo = generate("Own", 1)
    with running_postgres() as url:
        run(repo, "uv", "run", "python", "-c", SHOP, SHOP=url)
        ask = ("uv", "run", "--frozen", "just", "start-from", "--target", "churned", "--yes")
        done = run(repo, *ask, "--sql", "select * from customers", "--url", url)
        assert "300 rows; churned is 2 labels: no, yes" in done.stdout
        for column, kind in {"since": "timestamp", "spent": "number", "visits": "integer"}.items():
            assert re.search(rf"\b{column} .*\b{kind}\b", done.stdout), column
        assert not [
            name for name, content in own_files(repo).items() if PASSWORD.encode() in content
        ]

        wrong = {
            "select * from clients": (2, 'the query failed: relation "clients" does not exist'),
            "delete from customers returning *": (2, "cannot execute DELETE in a read-only"),
        }
        for sql, (code, said) in wrong.items():
            refused = try_to_run(repo, *ask, "--sql", sql, "--url", url)
            assert (refused.returncode, said in refused.stderr) == (code, True), refused.stderr

        unknown = url.replace(PASSWORD, "another")
        refused = try_to_run(repo, *ask, "--sql", "select 1", "--url", unknown)
        assert refused.returncode == 3
        assert "error: the database cannot be asked: " in refused.stderr
        assert "another" not in refused.stderr
