# The template's. Tests of a page of yours go into a file beside this folder.
"""What every page of the repo promises to who reads it, or hears it."""

import re

import pytest

from .package import web_page

LIGHT, DARK = (
    dict(re.findall(r"--(\w+): (#\w+)", block))
    for block in re.findall(r":root \{(.*?)\}", web_page.STYLE, re.S)
)
READABLE = 4.5  # what WCAG asks of text of this size


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return how well one colour stands out from another: from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") < READABLE


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_marks_can_be_read_in_the_light_and_in_the_dark(colours: dict[str, str]) -> None:
    for ground in ("back", "soft"):
        for said in ("ink", "full", "half", "none"):
            assert contrast(colours[said], colours[ground]) >= READABLE, (said, ground)
    for mark in ("full", "half", "none"):
        assert contrast(colours["on"], colours[mark]) >= READABLE, mark


def test_text_is_no_markup() -> None:
    page = web_page.document("<b>", "<p>body</p>")

    assert "<title>&lt;b&gt;</title>" in page
    assert '<th scope="col">&lt;i&gt;</th>' in web_page.table("t", ["<i>"], [])


@pytest.mark.parametrize(
    ("value", "written"), [(None, "–"), (0.5, "0.5000"), (12345.6, "12,346"), (-0.01, "-0.01000")]
)
def test_a_number_has_four_digits(value: float | None, written: str) -> None:
    assert web_page.number(value) == written
