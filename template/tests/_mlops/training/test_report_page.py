# The template's. Tests of a page of yours go into a file beside this folder.
"""What the page about the model shows, and what it says about a record that is not there."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from ..fixtures import Repo
from ..package import (
    artifact,
    card_text,
    drawings,
    paths,
    report_page,
    report_sections,
    schema,
    web_page,
)

ALONE = {"meta", "circle", "line", "rect", "path", "br"}
DIAGNOSIS = "calibration" if schema.LABELS else "residuals"
PARTS = {
    "metrics": "metrics",
    "labels": "right-and-wrong",
    DIAGNOSIS: "calibration" if schema.LABELS else "residuals",
    "slices": "slices",
    "importance": "importance",
}


class Page(HTMLParser):
    """A page: its tags with their attributes, what is open, and the words of each part."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.part = ""
        self.words: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.part = str(dict(attrs)["id"])
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "section":
            self.part = ""

    def handle_data(self, data: str) -> None:
        name = self.part or self.open[-1] if self.open else ""
        self.words[name] = self.words.get(name, "") + data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        """Return the attributes of each tag of these names."""
        return [attributes for tag, attributes in self.tags if tag in names]


def look(repo: Repo) -> Page:
    """Return the page that lies there."""
    return Page((repo.folder / paths.REPORT_PAGE).read_text(encoding="utf-8"))


def anew(repo: Repo, **report: Any) -> Page:
    """Change the record of the evaluation, draw the page, and look at it; None removes a key."""
    path = repo.folder / paths.METRICS
    content = {**json.loads(path.read_text(encoding="utf-8")), **report}
    kept = {key: value for key, value in content.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")
    return drawn(repo)


def drawn(repo: Repo) -> Page:
    """Draw the page of a repo from what lies there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.folder)
        report_page.write()
    return look(repo)


def test_evaluate_leaves_a_page_that_loads_nothing_from_elsewhere(repo: Repo) -> None:
    page = look(repo)

    assert not page.open
    assert not page.all("script", "link", "img", "iframe", "object")
    assert not any("src" in attributes for _, attributes in page.tags)
    assert "url(" not in page.text
    assert "@import" not in page.text


def test_the_page_shows_what_the_record_holds(repo: Repo) -> None:
    page, report = look(repo), repo.read(paths.METRICS)
    value = web_page.number(report["metrics"][report["metric"]])

    assert report["metric"] in page.words["h1"]
    assert value in page.words["h1"]
    assert all(name in page.words["metrics"] for name in report["metrics"])
    assert all(name in page.words["metrics"] for name in report["baselines"])
    assert all(name in page.words["importance"] for name in report["importance"])
    assert all(f"= {one['value']}" in page.words["slices"] for one in report["slices"])
    cost = repo.read(paths.CANDIDATE / artifact.MANIFEST)["cost"]
    assert f"{cost['wall_seconds']:.1f} s" in page.words["cost-of-the-run"]


def test_headings_tables_and_drawings_can_be_heard(repo: Repo) -> None:
    page = look(repo)
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [str(one["href"])[1:] for one in page.all("a") if str(one["href"]).startswith("#")]

    assert page.all("html") == [{"lang": "en"}]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(head["scope"] in ("col", "row") for head in page.all("th"))
    assert page.all("svg")
    assert all(one["role"] == "img" and one["aria-label"] for one in page.all("svg"))
    assert sorted(links) == sorted(str(one) for one in ids)


def test_it_is_for_light_and_dark_screens(repo: Repo) -> None:
    text = look(repo).text

    assert "color-scheme: light dark" in text
    assert "prefers-color-scheme: dark" in text


def test_a_metric_that_is_missing_is_named_on_top(own_repo: Repo) -> None:
    report = own_repo.read(paths.METRICS)
    metric, scores = report["metric"], report["metrics"]

    for without in ({**scores, metric: None}, {k: v for k, v in scores.items() if k != metric}):
        page = anew(own_repo, metrics=without)
        assert f"{metric} is missing" in page.words["h1"]
        assert f"has no value for {metric}" in page.text
        assert "Whether it is good enough is not known" in page.text
        assert "missing" in page.words["metrics"]


@pytest.mark.parametrize("key", [key for key in PARTS if key != "labels" or schema.LABELS])
def test_a_part_without_its_record_says_which_command_writes_it(own_repo: Repo, key: str) -> None:
    page = anew(own_repo, **{key: None})

    if key == "residuals":  # without it, nothing says that a number is predicted
        assert "Not recorded yet" in page.words["calibration"]
    else:
        assert "Not recorded yet" in page.words[PARTS[key]]
        assert "evaluate" in page.words[PARTS[key]]


@pytest.mark.parametrize("key", ["slices", "importance", "baselines", DIAGNOSIS])
def test_a_record_of_another_shape_is_named_and_stops_nothing(own_repo: Repo, key: str) -> None:
    page = anew(own_repo, **{key: ["other"]})

    assert "Its record cannot be read" in page.words[PARTS.get(key, "metrics")]
    assert not page.open


@pytest.mark.parametrize("other", [["other"], "other", {"other": "other"}, {"other": [1]}])
def test_metrics_of_another_shape_are_missing_and_not_believed(own_repo: Repo, other: Any) -> None:
    metric = own_repo.read(paths.METRICS)["metric"]

    assert f"{metric} is missing" in anew(own_repo, metrics=other, intervals=other).words["h1"]


def test_before_the_first_evaluation_it_says_what_to_do(own_repo: Repo) -> None:
    (own_repo.folder / paths.METRICS).unlink()
    (own_repo.folder / paths.CANDIDATE / artifact.MANIFEST).unlink()
    page = drawn(own_repo)

    assert "nothing was evaluated yet" in page.words["h1"]
    assert "uv run just repro" in page.text
    assert "Not recorded yet" in page.words["cost-of-the-run"]


def test_numbers_of_another_model_than_the_candidate_are_a_warning(own_repo: Repo) -> None:
    assert "Warning" not in look(own_repo).text
    assert "not about the candidate" in anew(own_repo, model_sha256="0" * 64).text.replace("\n", "")


def test_a_bar_that_is_not_reached_is_said_on_top(own_repo: Repo) -> None:
    report = own_repo.read(paths.METRICS)
    unreachable = 1e9 if report["better"] == "higher" else -1e9
    own_repo.change(paths.CONTRACT, "quality", "accept", to=unreachable)

    assert "It does <strong>not</strong> reach the bar" in drawn(own_repo).text


def test_the_card_is_shown_and_one_about_another_model_says_so(own_repo: Repo) -> None:
    card = own_repo.folder / paths.CARD
    card.write_text(CARD % ("0" * 64), encoding="utf-8")
    page = drawn(own_repo)

    assert "It is about version 7" in page.words["model-card"]
    assert "What it is for" in page.words["model-card"]
    card.write_text("# Mine\n", encoding="utf-8")
    assert "not filled yet" in drawn(own_repo).words["model-card"]
    card.unlink()
    assert "Not recorded yet" in drawn(own_repo).words["model-card"]


CARD = """\
---
license: mit
---
# Mine
<!-- card:run {"version": "7", "model_sha256": "%s"} -->
## What it is for
- one `a*b`
- **two**, with [a page](docs/page.md)
  that goes on

| a | b |
|---|---|
| 1 \\| 2 | <script>alert(1)</script> |

[run](javascript:alert(1)) and [site](https://example.com)
"""


def test_a_card_becomes_html_and_nothing_in_it_runs() -> None:
    page = Page(f"<main>{card_text.as_html(CARD, below=2, root='../')}</main>")

    assert "license" not in page.text
    assert [tag for tag, _ in page.tags if tag in ("h3", "h4")] == ["h3", "h4"]
    assert len(page.all("li")) == 2
    assert [one["href"] for one in page.all("a")] == ["../docs/page.md", "https://example.com"]
    assert "1 | 2" in page.words["td"]
    assert not page.all("script")
    assert "<code>a*b</code>" in page.text
    assert "<strong>two</strong>" in page.text


def test_card_draws_the_page_anew(own_repo: Repo) -> None:
    (own_repo.folder / paths.REPORT_PAGE).unlink()
    card = "\n".join(
        f"<!-- card:begin {name} -->\n<!-- card:end {name} -->"
        for name in ("data", "metrics", "slices", "limits")
    )
    (own_repo.folder / paths.CARD).write_text(f"# Mine\n{card}\n", encoding="utf-8")
    own_repo.must("card")

    assert "not filled" not in look(own_repo).words["model-card"]


def test_the_rows_of_a_confusion_matrix_are_what_happened() -> None:
    rows = {"a": [8, 2, 0], "b": [1, 3, 0], "c": [1, 0, 1]}
    labels = [
        {"label": one, "rows": sum(found), "answered": dict(zip(rows, found, strict=True))}
        for one, found in rows.items()
    ]
    page = Page(f"<main>{report_sections.matrix(labels)}</main>")
    older = [{"label": "a", "rows": 10}, *labels[1:]]

    assert "a predictedb predictedc predicted" in page.words["th"]
    assert page.words["td"].startswith("8 (80.0%)2 (20.0%)0 (0.0%)1 (25.0%)3 (75.0%)0")
    assert page.words["td"].endswith("1 (50.0%)0 (0.0%)1 (50.0%)")
    assert report_sections.matrix(older).startswith("<p>The label that is answered")


def test_a_confusion_matrix_of_many_labels_is_that_of_the_most_frequent_ones() -> None:
    count = report_sections.MATRIX + 2
    labels = [
        {
            "label": place,
            "rows": 10 + place,
            "answered": {str(other): 10 * (other == place) for other in range(count - 1)}
            | {str(count - 1): place + 10 * (place == count - 1)},
        }
        for place in range(count)
    ]
    found = report_sections.matrix(labels)

    assert "another predicted" in found
    assert "0 happened" not in re.findall(r">(\d+ happened)<", found)
    assert len(re.findall(r">(\d+ happened)<", found)) == report_sections.MATRIX


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_one_value_alone_can_be_drawn(value: float) -> None:
    for found in (
        drawings.dots("one", [drawings.Dot("a", value)]),
        drawings.bars("one", [("a <b>", value)]),
        drawings.curves("one", [("a", [(value, value)])], [(value, value)]),
    ):
        page = Page(found)
        assert not page.open
        assert "nan" not in found
        assert "<b>" not in found


def test_an_axis_of_shares_ends_at_one() -> None:
    points = [(0.01, 0.0), (0.99, 0.97)]
    drawn = drawings.curves("shares", [("a", points)], [(0.0, 0.0), (0.99, 0.99)], most=1.0)

    assert ">1<" in drawn
    assert ">1.03" not in drawn


def test_a_scale_leads_from_one_end_to_the_other() -> None:
    scale = drawings.Scale(0.0, 10.0, 100.0, 200.0)

    assert [scale(0.0), scale(5.0), scale(10.0)] == [100.0, 150.0, 200.0]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.4899, 0.7616, ["0.5", "0.6", "0.7"]),
        (-3.0, 14_000.0, ["0", "5,000", "10,000"]),
        (-0.02, 0.03, ["-0.02", "-0.01", "0", "0.01", "0.02", "0.03"]),
        (7.0, 7.0, ["7.000"]),
    ],
)
def test_the_numbers_of_an_axis_are_round(low: float, high: float, said: list[str]) -> None:
    assert [text for _, text in drawings.marks(drawings.Scale(low, high, 0.0, 1.0))] == said
