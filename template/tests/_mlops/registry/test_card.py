# The template's. What your card says in prose is for its readers to judge.
"""What `card` fills, what it leaves alone, and which cards it refuses."""

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from ..fixtures import ROOT, Repo
from ..package import artifact, paths, schema, versions, web_page

CARD = """\
---
license: mit
library_name: sklearn
---

# Prose with trailing space \n
<!-- card:begin data -->
<!-- card:end data -->

Prose between: ü, \\1, {braces}.

<!-- card:begin metrics -->
old
<!-- card:end metrics -->
<!-- card:begin slices -->
<!-- card:end slices -->
<!-- card:begin limits -->
<!-- card:end limits -->
The end, without a line break"""


@pytest.fixture
def written(own_repo: Repo) -> Repo:
    """Return a repo whose card has all its prose, and no number yet."""
    write(own_repo, CARD)
    return own_repo


def write(repo: Repo, card: str) -> None:
    """Write the card as it stands, line ends included."""
    (repo.folder / paths.CARD).write_bytes(card.encode())


def read(repo: Repo) -> str:
    """Return the card as it stands, line ends included."""
    return (repo.folder / paths.CARD).read_bytes().decode()


def outside(card: str) -> list[str]:
    """Return what stands outside the markers."""
    first, *others = card.split("<!-- card:begin ")
    return [first, *(other.partition("<!-- card:end ")[2] for other in others)]


def refused(repo: Repo, *options: str) -> str:
    """Return why `card` says no; it has to leave the card alone."""
    before = read(repo)
    done = repo.run("card", *options)
    assert done.code == 1, done.err
    assert read(repo) == before
    return done.err


def evaluation(repo: Repo) -> Path:
    """Return the champion's evaluation."""
    pointer = repo.read(paths.CHAMPION / artifact.POINTER)
    return repo.folder / paths.REGISTERED / pointer["model_sha256"] / versions.EVALUATION


def test_the_card_has_the_champion_s_numbers(written: Repo) -> None:
    written.must("card")
    card, report = read(written), json.loads(evaluation(written).read_text(encoding="utf-8"))
    manifest = written.read(paths.CANDIDATE / artifact.MANIFEST)

    assert f"Target: `{schema.TARGET}`" in card
    assert manifest["data_sha256"] in card
    assert f"{manifest['data']['train']['rows']:,}" in card
    value = web_page.number(report["metrics"][report["metric"]])
    assert f"| **{report['metric']}** | {value} |" in card
    assert f"| metric | model | 95 % interval | {' | '.join(report['baselines'])} |" in card
    assert all(f"| `{seen['column']}` |" in card for seen in manifest["data"]["seen"])


def test_an_interval_holds_its_metric(repo: Repo) -> None:
    report = repo.read(paths.METRICS)
    low, high = report["intervals"][report["metric"]]

    assert set(report["intervals"]) == set(report["metrics"])
    assert low < report["metrics"][report["metric"]] < high


def test_personal_columns_and_times_are_not_described(repo: Repo) -> None:
    hidden = {c.name for c in schema.COLUMNS if c.personal or c.kind == "timestamp"}
    seen = repo.read(paths.CANDIDATE / artifact.MANIFEST)["data"]["seen"]

    assert seen
    assert not hidden & {entry["column"] for entry in seen}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_prose_stays_byte_for_byte_and_a_second_time_changes_nothing(
    written: Repo, line_end: str
) -> None:
    write(written, CARD.replace("\n", line_end))
    written.must("card")
    once = read(written)
    written.must("card")

    assert outside(once) == outside(CARD.replace("\n", line_end))
    assert read(written) == once
    assert once.count("\n") == once.count(line_end)


def test_this_repo_s_own_card_can_be_filled_and_read_by_hugging_face(own_repo: Repo) -> None:
    write(own_repo, (ROOT / paths.CARD).read_bytes().decode())
    before = ModelCard(read(own_repo))
    own_repo.must("card", "--draft")
    after = ModelCard(read(own_repo))

    assert after.data.to_dict() == before.data.to_dict()
    assert after.data.library_name
    assert after.data.license
    assert schema.TARGET in after.text


def test_a_placeholder_in_the_prose_is_refused(written: Repo) -> None:
    write(written, CARD.replace("Prose between", "YOURS: who uses it?"))

    assert "MODEL_CARD.md: 1 sentence still to write (first: line 11)" in refused(written)
    assert "still to write" in refused(written, "--check")


def test_a_draft_is_filled_with_a_warning(written: Repo) -> None:
    write(written, CARD.replace("Prose between", "YOURS: who uses it?"))
    done = written.must("card", "--draft")

    assert "warning: MODEL_CARD.md: 1 sentence still to write" in done.err
    assert "95 % interval" in read(written)


def test_check_writes_nothing_and_accepts_the_champion_s_card(written: Repo) -> None:
    written.must("card")
    before = read(written)
    written.must("card", "--check")

    assert read(written) == before


def test_check_refuses_a_card_that_was_never_filled(written: Repo) -> None:
    assert "is about target 'of no run'" in refused(written, "--check")


@pytest.mark.parametrize("name", ["data_sha256", "model_sha256", "target"])
def test_check_refuses_a_card_about_another_run(written: Repo, name: str) -> None:
    written.must("card")
    found = json.loads(evaluation(written).read_text(encoding="utf-8"))[name]
    write(written, read(written).replace(f'"{name}": "{found}"', f'"{name}": "another"'))

    assert "'another'" in refused(written, "--check")


def test_prose_about_another_target_is_refused(written: Repo) -> None:
    written.must("card")
    write(written, read(written).replace(f'"target": "{schema.TARGET}"', '"target": "another"'))

    assert "was written about 'another'" in refused(written)
    written.must("card", "--draft")


def test_check_refuses_numbers_that_were_edited(written: Repo) -> None:
    written.must("card")
    write(written, read(written).replace("The contract judges by", "It is good by"))

    assert "numbers between markers are not the run's" in refused(written, "--check")


@pytest.mark.parametrize("name", ["data_sha256", "model_sha256", "target"])
def test_an_evaluation_of_another_run_is_refused(written: Repo, name: str) -> None:
    path = evaluation(written)
    content = {**json.loads(path.read_text(encoding="utf-8")), name: "another"}
    path.write_text(json.dumps(content), encoding="utf-8")

    assert f"is about {name} 'another'" in refused(written)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (CARD.replace("card:end slices", "card:ende slices"), "expected section 'slices' once"),
        (CARD.replace("card:begin limits", "card:begin limit"), "did you mean 'limits'?"),
        (CARD + "\n<!-- card:begin data -->\n<!-- card:end data -->\n", "expected section 'data'"),
    ],
)
def test_broken_markers_are_wrong_input(written: Repo, card: str, said: str) -> None:
    write(written, card)
    done = written.run("card")

    assert (done.code, read(written)) == (2, card)
    assert said in done.err


def test_without_a_champion_there_is_nothing_to_describe(written: Repo) -> None:
    (written.folder / paths.CHAMPION / artifact.POINTER).unlink()

    assert written.run("card").code == 2
