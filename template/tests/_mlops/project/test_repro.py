# The template's. Tests of stages of yours stand beside this folder.
"""`repro` runs what changed, and says why when it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from ..fixtures import Done, Repo
from ..package import files, paths, provenance, schema

# a stage that needs no seconds, and fails in the way of ours
LOCK = "schema: '2.0'\nstages: {train: {cmd: x, params: {params.yaml: {train: 1}}}}\n"
STAGES = """\
stages:
  ours:
    cmd: {command}
    deps: [params.yaml]
    outs: [ours.txt]
"""


def repro(repo: Repo, command: str) -> Done:
    """Run `repro` with one stage; DVC and the stage write to the real streams."""
    (repo.folder / "dvc.yaml").write_text(STAGES.format(command=command))
    main = [sys.executable, "-m", str(schema.__package__), "repro"]
    done = subprocess.run(main, cwd=repo.folder, capture_output=True, text=True)
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_stage_runs_once_for_the_same_inputs_and_only_its_words_are_shown(
    own_repo: Repo,
) -> None:
    first = repro(own_repo, "echo made | tee ours.txt")
    second = repro(own_repo, "echo made | tee ours.txt")

    assert (first.code, first.out, first.err) == (0, "made\n", "")
    assert (second.code, second.out) == (0, "")
    assert second.err == "repro: nothing changed since the last run\n"


def test_a_stage_that_is_named_runs_alone(own_repo: Repo) -> None:
    before = "  before: {cmd: touch before.txt, outs: [before.txt]}\n"
    (own_repo.folder / "dvc.yaml").write_text(
        f"stages:\n{before}  ours: {{cmd: touch ours.txt, deps: [params.yaml], outs: [ours.txt]}}\n"
        "  each: {foreach: [a, b], do: {cmd: 'touch ${item}.txt', outs: ['${item}.txt']}}\n"
    )

    assert [own_repo.run("repro", name).code for name in ("ours", "each")] == [0, 0]
    there = {path.name for path in own_repo.folder.glob("*.txt")}
    assert there == {"ours.txt", "a.txt", "b.txt"}


def test_a_stage_that_is_not_there_is_named(own_repo: Repo) -> None:
    done = own_repo.run("repro", "trian")

    assert done.code == 2
    assert done.err == "error: dvc.yaml has no stage 'trian'\n\nhint: did you mean 'train'?\n"


def test_the_page_is_there_also_when_no_stage_ran(own_repo: Repo) -> None:
    (own_repo.folder / paths.REPORT_PAGE).unlink()

    assert repro(own_repo, "touch ours.txt").code == 0
    assert (own_repo.folder / paths.REPORT_PAGE).is_file()


def test_the_page_is_written_anew_only_when_what_it_shows_is_newer(own_repo: Repo) -> None:
    page = own_repo.folder / paths.REPORT_PAGE
    written = []
    for changed in (page, None, own_repo.folder / paths.CONTRACT):
        if changed == page:
            page.unlink()
        elif changed:
            changed.touch()
        assert repro(own_repo, "touch ours.txt").code == 0
        written.append(page.stat().st_mtime_ns)

    assert written[0] == written[1] < written[2]


def test_the_exit_code_of_a_stage_that_fails_is_kept(own_repo: Repo) -> None:
    done = repro(own_repo, "echo found this >&2; exit 2")

    assert (done.code, done.err) == (2, "found this\n")


def test_what_dvc_cannot_do_is_said(own_repo: Repo) -> None:
    done = repro(own_repo, "exit 0")

    assert done.code == 3
    assert "ours.txt" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("path", "said"),
    [(paths.PARAMS, "params.yaml line 2 is not YAML"), ("dvc.yaml", "unable to read: 'dvc.yaml'")],
    ids=str,
)
def test_a_file_that_is_no_yaml_is_wrong_input_and_named(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, path: Path, said: str
) -> None:
    (own_repo.folder / path).write_text("a: [\n", encoding="utf-8")
    (own_repo.folder / provenance.PIPELINE).write_text(LOCK, encoding="utf-8")
    done = own_repo.run("repro")
    monkeypatch.chdir(own_repo.folder)
    (changed,) = provenance.pipeline_changes("outs")

    assert (done.code, said in done.err) == (2, True), done.err
    assert changed.startswith(f"DVC cannot compare with dvc.lock: unable to read: '{path}'")


def test_files_of_dvc_that_hold_something_else_are_said(own_repo: Repo) -> None:
    config = own_repo.folder / ".dvc/config"
    config.write_text("autostage = true\n" + config.read_text(encoding="utf-8").partition("\n")[2])
    done = repro(own_repo, "touch ours.txt")

    assert done.code == 3
    assert "DVC cannot read its files" in done.err
    assert ".dvc/config" in done.err


@pytest.mark.parametrize("content", ["", "[]", None])
def test_a_pointer_that_names_nothing_is_no_right_one(own_repo: Repo, content: str | None) -> None:
    pointer = own_repo.folder / paths.REGISTERED.with_suffix(".dvc")
    before = pointer.read_text(encoding="utf-8")
    pointer.write_text(before.replace("md5", "md6") if content is None else content)
    done = own_repo.run("trace")

    assert done.code == 1
    assert "registered.dvc differs" in done.err


@pytest.mark.parametrize("command", ["validate", "featurize", "repro", "drift"])
def test_without_data_the_way_to_get_it_is_shown(own_repo: Repo, command: str) -> None:
    for path in (own_repo.folder / paths.RAW).iterdir():
        path.unlink()
    done = own_repo.run(command, *([paths.SAMPLE] if command == "drift" else []))

    assert done.code == 2
    assert done.err.endswith(
        f"error: {paths.RAW} holds no batch; expected .parquet or .csv files\n\n"
        "hint: uv run --frozen python -m dvc pull brings back tracked data\n"
    )


def test_stages_that_run_already_and_data_that_comes_in_are_waited_for(own_repo: Repo) -> None:
    with files.one_writer(own_repo.folder / paths.DATA_LOCK):
        done = own_repo.run("repro")

    assert (done.code, "is held by another command" in done.err) == (3, True)


@pytest.mark.parametrize(
    ("deps", "named"),
    [
        ("{features}", True),
        ("{features}, {days}", False),
        ("{folder}", False),
        ("{metrics}", False),
    ],
)
def test_a_module_that_a_stage_imports_and_does_not_depend_on_is_named(
    own_repo: Repo, deps: str, named: bool
) -> None:
    folder = Path("src", *str(schema.__package__).split("."))
    (own_repo.folder / folder / "days.py").write_text("near = 1\n")
    with (own_repo.folder / folder / "features.py").open("a") as file:
        file.write("from . import days\n")
    names = {name: folder / f"{name}.py" for name in ("features", "days", "metrics")}
    listed = deps.format(**names, folder=folder)
    stages = f"stages: {{ours: {{cmd: touch ours.txt, deps: [{listed}]}}}}\n"
    (own_repo.folder / "dvc.yaml").write_text(stages)

    done = own_repo.run("repro")

    said = f"warning: {folder}/days.py is imported by stage ours of dvc.yaml, and no dependency"
    assert (done.code, said in done.err) == (0, named), done.err
