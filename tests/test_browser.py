"""Without a browser, is a test of a page skipped on a person's machine and failed on CI?"""

from pathlib import Path

import browser
import pytest
from rendering import ROOT


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))


def test_a_person_s_machine_skips_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="package `chromium`"):
        browser.chromium()


def test_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="package `chromium`"):
        browser.chromium()


def test_a_browser_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser", "sh"))

    assert Path(browser.chromium()).name == "sh"


def test_the_package_is_on_the_list_that_ci_installs() -> None:
    assert "chromium" in (ROOT / ".ci/packages.txt").read_text(encoding="utf-8").split()
