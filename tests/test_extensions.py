"""The functions that `copier.yml` asks, one by one."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.sandbox import SandboxedEnvironment

from extensions import answers, compiled, identity, names, remote, text


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Late flights", "late-flights"),
        ("  Späte Flüge -- Straße 7 ", "spate-fluge-strasse-7"),
        ("Crédit & Co.", "credit-co"),
        ("2026 sales", "project-2026-sales"),
        ("航班", "project"),
        ("🛫", "project"),
        ("mlflow", "mlflow-project"),
        ("x" * 80, "x" * 42),
    ],
)
def test_every_project_name_gives_a_usable_slug(name: str, slug: str) -> None:
    assert slug == names.slugify(name)

    assert names.slug_problem(slug) == ""


@pytest.mark.parametrize(
    ("slug", "package"),
    [
        ("late-flights", "late_flights"),
        ("calendar", "calendar_project"),
        ("class", "class_project"),
        ("project-2026-sales", "project_2026_sales"),
    ],
)
def test_every_slug_gives_an_importable_package(slug: str, package: str) -> None:
    assert package == names.package_name(slug)

    assert names.package_problem(package) == ""


@pytest.mark.parametrize(
    "slug", ["", "Late", "a b", "-a", "a-", "a--b", "1a", "é", "a/b", "a" * 51]
)
def test_a_slug_with_other_characters_is_refused(slug: str) -> None:
    assert "like late-flights" in names.slug_problem(slug)


@pytest.mark.parametrize("name", ["", "a-b", "_a", "a_", "A", ".git", "a.b", "../a", "é", "a\n"])
def test_a_package_name_with_other_characters_is_refused(name: str) -> None:
    assert "like late_flights" in names.package_problem(name)


@pytest.mark.parametrize("name", ["class", "json", "mlflow", "tests", "pandas", "src"])
def test_a_package_name_that_hides_another_module_is_refused(name: str) -> None:
    assert f"Type another, like {name}_project" in names.package_problem(name)


@pytest.mark.parametrize("line", ["Ada", 'O\'Neil \\ "q" # : {} %', "航班 🛫", "👩‍✈️", "no", "-"])
def test_one_line_of_any_script_is_fine(line: str) -> None:
    assert text.line_problem(line) == ""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a\nb", "U+000A"),
        ("a\tb", "U+0009"),
        ("a\x00b", "U+0000"),
        ("a\u2028b", "U+2028"),
        ("a\u202eb", "U+202E"),
        ("", "Type at least one word"),
        ("   ", "Type at least one word"),
        (" a", "Type it without"),
        ("a" * 101, "Type at most 100"),
    ],
)
def test_text_that_is_not_one_line_is_refused(line: str, told: str) -> None:
    assert told in text.line_problem(line)


@pytest.mark.parametrize("address", ["team@example.org", "a.b+c@d-e.co.uk"])
def test_an_address_is_an_address(address: str) -> None:
    assert text.email_problem(address) == ""


@pytest.mark.parametrize(
    "address", ["", "team", "team@", "team@host", "a b@c.d", "a@b.c\n", '"a"@b.c']
)
def test_anything_else_is_no_address(address: str) -> None:
    assert "Type one like data-science@example.com" in text.email_problem(address)


def test_json_keeps_an_emoji_whole() -> None:
    assert text.to_readable_json(json.dumps)("ü 🛫") == '"ü 🛫"'


@pytest.mark.parametrize(
    ("address", "extra"),
    [
        ("", ""),
        ("s3://bucket/path", "[s3]"),
        ("gs://bucket", "[gs]"),
        ("azure://container/path", "[azure]"),
        ("ssh://me@host:22/srv/data", "[ssh]"),
        ("https://host/data", ""),
        ("http://host:8080/data", ""),
        ("../shared data/dvc", ""),
        ("/mnt/dvc", ""),
    ],
)
def test_each_place_for_data_names_what_dvc_needs(address: str, extra: str) -> None:
    assert remote.remote_problem(address) == ""

    assert extra == remote.dvc_extra(address)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://host/x",
        "s3://",
        "s3:bucket",
        "S3://bucket",
        "gs:// bucket",
        "s3://b/x\n[remote]",
        "/mnt/x # y",
        "~/dvc",
        "-rf",
        " ",
        "C:\\data",
        "file:///x",
    ],
)
def test_another_place_for_data_is_refused(address: str) -> None:
    problem = remote.remote_problem(address)

    assert "Type an address that starts with s3://" in problem


def test_a_password_in_an_address_is_refused() -> None:
    assert "Type the address without it" in remote.remote_problem("https://me:secret@host/x")


def test_git_tells_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "config", "--global", "user.name", "Grace"], check=True)

    assert identity.known_to_git("user.name", "Team", text.line_problem) == "Grace"
    assert identity.known_to_git("user.email", "a@b.org", text.email_problem) == "a@b.org"


def test_an_identity_that_the_question_refuses_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "config", "--global", "user.email", "me@laptop"], check=True)

    assert identity.known_to_git("user.email", "a@b.org", text.email_problem) == "a@b.org"


def test_without_git_there_is_no_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert identity.git_config("user.name") == ""


def recorded(folder: Path, **given: Any) -> dict[str, Any]:
    (folder / "answers.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return {"dst_path": folder, "answers_file": "answers.yml"}


def test_a_new_folder_has_no_level(tmp_path: Path) -> None:
    conf = {"dst_path": tmp_path / "new", "answers_file": "answers.yml"}

    assert answers.previous_level(conf) == -1
    assert answers.level_problem(conf, 0) == ""
    assert answers.change_problem(conf, "task", "regression") == ""


def test_an_empty_answers_file_has_no_level(tmp_path: Path) -> None:
    (tmp_path / "answers.yml").touch()

    assert answers.previous_level({"dst_path": tmp_path, "answers_file": "answers.yml"}) == -1


def test_a_repo_of_before_there_was_a_choice_is_on_github(tmp_path: Path) -> None:
    new = {"dst_path": tmp_path / "new", "answers_file": "answers.yml"}

    assert answers.previous_ci(new) == ""
    assert answers.previous_ci(recorded(tmp_path, maturity_level=1)) == "github"
    assert answers.previous_ci(recorded(tmp_path, ci="gitlab")) == "gitlab"


def test_a_level_rises_and_stays_but_never_falls(tmp_path: Path) -> None:
    conf = recorded(tmp_path, maturity_level=1)

    assert answers.level_problem(conf, 2) == ""
    assert answers.level_problem(conf, 1) == ""
    assert "Type 1 or more" in answers.level_problem(conf, 0)


def test_an_identity_answer_stays_as_it_was(tmp_path: Path) -> None:
    conf = recorded(tmp_path, task="classification")

    assert answers.change_problem(conf, "task", "classification") == ""
    assert "Type 'classification'" in answers.change_problem(conf, "task", "regression")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("", "remote"),
        ("store", "../store"),
        ("../store", "../../store"),
        ("/mnt/store", "/mnt/store"),
        ("s3://bucket/store", "s3://bucket/store"),
    ],
)
def test_a_relative_folder_is_counted_from_the_repo(address: str, url: str) -> None:
    assert url == remote.dvc_url(address)


def test_a_text_is_compiled_once_and_rendered_with_what_is_given() -> None:
    environment = SandboxedEnvironment(extensions=[compiled.Compiled])
    first, again = (environment.from_string("{{ x }}") for _ in range(2))

    assert first is again
    assert [first.render(x=1), again.render(x=2)] == ["1", "2"]
    assert environment.from_string("{{ y }}").render(x=1, y=3) == "3"
