# The template's. The prose of MODEL_CARD.md is yours; only what stands between markers is filled.
"""The model card as HTML, and which run it says it is about."""

import json
import re
from html import escape

RUN = re.compile(r"<!-- card:run (\{.*?\}) -->")
HEAD = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
ABSOLUTE = re.compile(r"https?://|mailto:|#")
STYLE = "mark { background: none; color: var(--none); font-weight: bold }\n"


def identity(card: str) -> dict[str, str]:
    """Return which run the card says it is about; empty when it was never filled."""
    found = RUN.search(card)
    try:
        return dict(json.loads(found[1])) if found else {}
    except ValueError:
        return {}


def as_html(card: str, below: int, root: str) -> str:
    """Return headings, paragraphs, lists and tables of a card; anything else as a paragraph.

    Args:
        card: Markdown, with the head of lines between `---` if it has one.
        below: Level of the heading below which it stands.
        root: Prefix of a relative link.
    """
    text = COMMENT.sub("", HEAD.sub("", card)).replace("\r\n", "\n")
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n|(?=^#)", text, flags=re.M)]
    return "\n".join(block_of(block, below, root) for block in blocks if block.strip())


def block_of(block: str, below: int, root: str) -> str:
    """Return one block as HTML."""
    first, _, rest = block.partition("\n")
    if heading := re.match(r"(#+) +(.*)", first):
        level = min(len(heading[1]) + below, 6)
        after = f"\n{block_of(rest, below, root)}" if rest.strip() else ""
        return f"<h{level}>{inline(heading[2], root)}</h{level}>{after}"
    lines = block.splitlines()
    if all(line.lstrip().startswith("|") for line in lines) and len(lines) > 1:
        return table_of(lines, root)
    if first.startswith(("- ", "* ")):
        items = re.split(r"^[-*] ", block, flags=re.M)[1:]
        return f"<ul>{''.join(f'<li>{inline(item, root)}</li>' for item in items)}</ul>"
    return f"<p>{inline(block, root)}</p>"


def table_of(lines: list[str], root: str) -> str:
    """Return a table; the line below its heads only draws it."""
    head, _, *rows = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        for line in lines
    ]
    heads = "".join(f'<th scope="col">{inline(cell, root)}</th>' for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{inline(cell, root)}</td>' for cell in row)}</tr>" for row in rows
    )
    inside = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" role="region" tabindex="0" aria-label="table">{inside}</div>'


def inline(text: str, root: str) -> str:
    """Return a text with its code, bold words and links; a placeholder is marked."""
    parts = re.split(r"`([^`]+)`", escape(" ".join(text.split())))
    return "".join(
        f"<code>{part}</code>" if place % 2 else decorated(part, root)
        for place, part in enumerate(parts)
    )


def decorated(text: str, root: str) -> str:
    """Return a text outside of code with its bold words and links."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = text.replace("YOURS:", "<mark>YOURS:</mark>")
    return LINK.sub(lambda found: link(found[1], found[2], root), text)


def link(text: str, address: str, root: str) -> str:
    """Return a link of a page; one of another kind, such as a script, stays text."""
    if ABSOLUTE.match(address):
        return f'<a href="{address}">{text}</a>'
    return text if ":" in address else f'<a href="{root}{address}">{text}</a>'
