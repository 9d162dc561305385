"""Is a test of a page skipped without a browser, failed on CI, and does it find what is wrong?"""

from pathlib import Path

import browser
import pytest
from rendering import ROOT


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))


@pytest.mark.usefixtures("no_browser")
def test_a_person_s_machine_skips_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="package `chromium`"):
        browser.chromium()


@pytest.mark.usefixtures("no_browser")
def test_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="package `chromium`"):
        browser.chromium()


def test_a_browser_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser", "sh"))

    assert Path(browser.chromium()).name == "sh"


def test_the_package_is_on_the_list_that_ci_installs() -> None:
    assert "chromium" in (ROOT / ".ci/packages.txt").read_text(encoding="utf-8").split()


@pytest.mark.e2e
def test_a_page_that_not_everybody_can_use_is_named_rule_by_rule(tmp_path: Path) -> None:
    browser.chromium()
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><html><head><title>Flights</title></head><body><main><h1>Flights</h1>"
        "<img src=x><button></button><p style='color: #bbb'>hard to read</p></main></body></html>",
        encoding="utf-8",
    )

    found = browser.barriers(page, tmp_path / "profile")

    named = {one.partition(":")[0] for one in found}
    assert named == {"button-name", "color-contrast", "html-has-lang", "image-alt"}
    assert [path.name for path in tmp_path.glob("*.html")] == ["page.html"]


@pytest.mark.e2e
def test_what_is_hard_to_read_in_the_dark_alone_is_found_there_alone(tmp_path: Path) -> None:
    browser.chromium()
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><html lang=en><head><title>Flights</title><style>"
        "@media (prefers-color-scheme: dark) { body { background: #111; color: #333 } }"
        "</style></head><body><main><h1>Flights</h1></main></body></html>",
        encoding="utf-8",
    )

    assert browser.barriers(page, tmp_path / "light") == []
    (found,) = browser.barriers(page, tmp_path / "dark", browser.DARK)
    assert found.startswith("color-contrast: <h1>")
