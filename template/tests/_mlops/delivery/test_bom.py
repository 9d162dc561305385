# The template's. Purpose and owners are yours, in contract.yaml.
"""Bills of materials: valid, complete, and true about what was packaged."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo
from ..package import bills, bundle, errors, model_card, paths, sbom, schema
from .conftest import LOCKED

SBOM, ML_BOM = bills.BILLS / "sbom.json", bills.BILLS / "ml-bom.json"


def model_of(bill: dict[str, Any]) -> dict[str, Any]:
    """Return the model's component."""
    return next(one for one in bill["components"] if one["type"] == "machine-learning-model")


@pytest.mark.parametrize("path", [SBOM, ML_BOM], ids=str)
def test_a_bill_follows_the_schema(package: Repo, path: Path) -> None:
    assert sbom.breach((package.folder / path).read_text(encoding="utf-8")) == ""


def test_the_sbom_names_every_package_with_the_hashes_of_its_files(package: Repo) -> None:
    found = {one["name"]: one for one in package.read(SBOM)["components"]}

    assert set(LOCKED) <= set(found)
    assert found["bentoml"]["purl"].startswith("pkg:pypi/bentoml@")
    assert found["bentoml"]["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"


def test_the_ml_bom_says_what_the_model_card_says(package: Repo) -> None:
    made, model = package.read(bundle.PACKAGE / bundle.RECORD), model_of(package.read(ML_BOM))
    folder = package.folder / bundle.PACKAGE / bundle.champions(bundle.BENTO)
    run = model_card.described("1", made["model_sha256"], folder / made["model_sha256"])
    told = model["modelCard"]
    metrics = {
        one["type"]: one["value"]
        for one in told["quantitativeAnalysis"]["performanceMetrics"]
        if "slice" not in one
    }

    assert (model["version"], model["hashes"][0]["content"]) == ("1", made["model_sha256"])
    assert {name: str(value) for name, value in run.report["metrics"].items()}.items() <= (
        metrics.items()
    )
    assert len(told["modelParameters"]["inputs"]) == len(run.manifest["features"])
    assert {f"param:{name}" for name in run.manifest["params"]} == {
        one["name"] for one in told["properties"]
    }
    assert schema.TARGET in told["modelParameters"]["outputs"][0]["format"]
    trained = run.manifest["data"]["train"]
    limit = told["considerations"]["technicalLimitations"][0]
    assert str(trained.get("first", trained["rows"])) in limit


def test_the_ml_bom_says_who_answers_and_what_it_learned_from(package: Repo) -> None:
    bill = package.read(ML_BOM)
    (data,) = (one for one in bill["components"] if one["type"] == "data")

    assert model_of(bill)["authors"][0]["email"]
    assert data["data"][0]["governance"]["owners"][0]["contact"]["email"]
    assert len(data["hashes"][0]["content"]) == 64
    assert bill["dependencies"][0]["dependsOn"][0] == "data"


def test_true_bills_pass(package: Repo) -> None:
    assert package.must("bom", "--check").code == 0


def without_owner(bill: dict[str, Any]) -> None:
    del model_of(bill)["authors"]


def better_metric(bill: dict[str, Any]) -> None:
    analysis = model_of(bill)["modelCard"]["quantitativeAnalysis"]
    analysis["performanceMetrics"][0]["value"] = "1.0"


def without_limits(bill: dict[str, Any]) -> None:
    model_of(bill)["modelCard"]["considerations"]["technicalLimitations"] = []


def one_package_less(bill: dict[str, Any]) -> None:
    del bill["components"][0]


def against_the_schema(bill: dict[str, Any]) -> None:
    bill["components"][0]["type"] = "a model"


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        (ML_BOM, without_owner, "components[0].authors"),
        (ML_BOM, better_metric, "performanceMetrics[0].value"),
        (ML_BOM, without_limits, "technicalLimitations"),
        (SBOM, one_package_less, "components"),
        (SBOM, against_the_schema, "breaks the schema"),
        (ML_BOM, against_the_schema, "breaks the schema"),
    ],
)
def test_a_bill_that_was_changed_is_refused(
    package: Repo, tmp_path: Path, path: Path, change: Any, said: str
) -> None:
    bill = package.read(path)
    expected = json.dumps(bill)
    change(bill)
    (tmp_path / path.name).write_text(json.dumps(bill), encoding="utf-8")

    with pytest.raises(errors.Refused, match=re.escape(said)):
        bills.require_true(tmp_path / path.name, expected)


def test_a_bill_that_was_not_written_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(errors.WrongInput, match=r"cannot read .*sbom\.json") as refusal:
        bills.require_true(tmp_path / SBOM.name, "{}")

    assert "uv run just bom writes it" in refusal.value.hint


def test_a_bill_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / ML_BOM.name).write_text("{", encoding="utf-8")

    with pytest.raises(errors.Refused, match="is not JSON"):
        bills.require_true(tmp_path / ML_BOM.name, "{}")


def test_a_contract_with_another_owner_makes_the_bill_untrue(own_package: Repo) -> None:
    own_package.change(
        paths.CONTRACT, "owners", "model", to={"name": "Another", "email": "a@example.org"}
    )
    done = own_package.run("bom", "--check")

    assert (done.code, "authors[0].name" in done.err) == (1, True)


def test_without_a_package_there_is_nothing_to_bill(repo: Repo) -> None:
    done = repo.run("bom")

    assert (done.code, "uv run just package" in done.err) == (2, True)


def test_differences_are_named_by_their_place() -> None:
    found = {"a": [1, {"b": 2}], "more": 1}
    expected = {"a": [1, {"b": 3}], "c": 4}

    assert bills.differences(found, expected) == ["a[1].b", "c", "more"]
    assert bills.differences(found, found) == []
