# The template's. Purpose and owners are yours, in contract.yaml.
"""Write the bills of materials: packages and model."""

import json

import click

from ..errors import Refused
from ..files import whole_file
from . import bills, bundle, sbom


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; say whether both fit the package.")
def command(check: bool) -> None:
    """Write build/sbom.json and build/ml-bom.json, in CycloneDX, about build/package.

    Exit code 1 when a bill breaks the schema and, with --check, when one says something else than
    the package does; 2 when it was not written.
    """
    made = bundle.read()
    for name, bill in bills.of(made).items():
        text = json.dumps(bill, indent=2) + "\n"
        if check:
            bills.require_true(bills.BILLS / name, text)
        elif breach := sbom.breach(text):
            raise Refused(f"{bills.BILLS / name} {breach}")
        else:
            with whole_file(bills.BILLS / name) as part:
                part.write_text(text, encoding="utf-8")
    said = "are" if check else "written:"
    click.echo(
        f"bom: {bills.BILLS}/sbom.json and ml-bom.json {said} those of {made.bento}", err=True
    )
