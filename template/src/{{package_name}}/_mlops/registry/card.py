# The template's. The prose of MODEL_CARD.md is yours; only what stands between markers is filled.
"""Fill the model card with the champion's numbers."""

import click

from .. import paths
from ..files import whole_file
from ..training import report_page
from .model_card import (
    PLACEHOLDER,
    champion,
    fill,
    read_card,
    require_prose,
    require_same,
    require_target,
)


@click.command()
@click.option(
    "--draft", is_flag=True, help=f"Fill a card that still holds {PLACEHOLDER}, and warn."
)
@click.option(
    "--check", is_flag=True, help="Write nothing; say whether the card is the champion's."
)
def command(draft: bool, check: bool) -> None:
    """Fill MODEL_CARD.md between its markers with the champion's numbers.

    Draws reports/index.html anew. Exit code 1 when prose is still a placeholder or was written
    about another target, and with --check when the card is not the champion's.
    """
    run = champion()
    card = read_card()
    require_prose(card, draft)
    require_target(card, run, draft)
    filled = fill(card, run)
    if check:
        require_same(card, filled, run)
    elif filled != card:
        with whole_file(paths.CARD) as part:
            part.write_bytes(filled.encode())
    if not check:
        report_page.write()
    click.echo(f"card: {paths.CARD} describes version {run.version}", err=True)
