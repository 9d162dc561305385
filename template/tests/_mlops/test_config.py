# The template's. Limits of your own parameters stand in model.Params.
"""A misspelt key or a wrong value is an error that says what was meant."""

from pathlib import Path

import pytest

from .fixtures import ROOT
from .package import config, errors, interface, model, paths


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move to an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaint(read, path: Path, content: str) -> str:
    """Return what is said about a file with this content, hint included."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(errors.WrongInput) as caught:
        read()
    return f"{caught.value} | {caught.value.hint}"


def params(content: str) -> str:
    """Return what is said about this params.yaml."""
    return complaint(config.load_params, paths.PARAMS, content)


def contract(content: str) -> str:
    """Return what is said about this contract.yaml."""
    return complaint(config.load_contract, paths.CONTRACT, content)


def test_a_misspelt_key_gets_a_suggestion() -> None:
    assert params("featurize: {holdout_shar: 0.3}") == (
        "params.yaml: unknown key 'holdout_shar' in section featurize"
        " | did you mean 'holdout_share'?"
    )


def test_a_misspelt_section_gets_a_suggestion() -> None:
    assert params("evalute: {}") == (
        "params.yaml: unknown key 'evalute' | did you mean 'evaluate'?"
    )


def test_a_misspelt_parameter_of_yours_gets_a_suggestion() -> None:
    if not model.Params.model_fields:
        pytest.skip("your model has no parameters")
    name = max(model.Params.model_fields, key=len)
    said = complaint(
        lambda: config.train_params(config.load_params(), model),
        paths.PARAMS,
        f"train: {{{name}_: 1}}",
    )

    assert said == (f"params.yaml: unknown key '{name}_' in section train | did you mean '{name}'?")


def test_a_misspelt_key_of_the_contract_gets_a_suggestion() -> None:
    bars = "metric: m, accept: 1, retrain: 1, withdraw: 1"

    assert "unknown key 'beter' in section quality | did you mean 'better'?" in contract(
        f"quality: {{{bars}, beter: lower}}"
    )
    assert "unknown key 'e_mail' in section owners.model | did you mean 'email'?" in contract(
        f"quality: {{{bars}}}\nowners: {{model: {{e_mail: a}}}}"
    )


def test_a_value_out_of_range_is_named() -> None:
    said = params("featurize: {holdout_share: 2}")

    assert "params.yaml: featurize.holdout_share: input should be less than 1, found 2" in said


def test_a_value_of_another_type_is_named() -> None:
    assert "evaluate.importance_repeats" in params("evaluate: {importance_repeats: often}")


def test_a_key_without_default_is_missed() -> None:
    assert "contract.yaml: quality: field required" in contract("purpose: none")


@pytest.mark.parametrize("content", ["a: [1, 2", "a: 1\n b: 2", "{", "a: 1\na: 2"])
def test_what_is_not_yaml_is_named_with_its_line(content: str) -> None:
    assert "params.yaml line " in params(content)


@pytest.mark.parametrize("content", ["- 1", "text", "3"])
def test_another_shape_is_refused(content: str) -> None:
    assert "params.yaml" in params(content)


def test_a_missing_file_is_wrong_input() -> None:
    with pytest.raises(errors.WrongInput, match=r"cannot read params\.yaml"):
        config.load_params()


def test_an_empty_file_means_the_defaults() -> None:
    paths.PARAMS.touch()

    assert config.load_params() == interface.Params()


def test_this_repo_s_own_files_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert config.train_params(config.load_params(), model)
    assert config.load_contract().quality.metric
