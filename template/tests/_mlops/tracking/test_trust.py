# The template's. Types that your estimators need are yours to name: TRUSTED in model.py.
"""A model file names what holds a model, or what a person looked at; nothing that runs code."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from ..package import artifact, errors, model, trust

THIS = __name__
command = os.system  # under a name of this module


def halved(values: Any) -> Any:
    """Stand for a function of yours."""
    return values / 2


def named(function: Any, folder: Path) -> list[str]:
    """Return the types that the file of a model with this function names, when they are trusted."""
    skops.io.dump(FunctionTransformer(function), folder / artifact.MODEL)
    return artifact.named_types(folder)


def trusting(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let model.py trust these."""
    monkeypatch.setattr(model, "TRUSTED", names, raising=False)


@pytest.mark.parametrize(
    "name",
    [
        "collections.OrderedDict",
        "functools.partial",
        "numpy.dtype",
        "sklearn.tree._tree.Tree",
        "sklearn.metrics._classification.accuracy_score",
        "scipy.special._ufuncs.expit",
    ],
)
def test_what_holds_a_model_needs_no_word_of_yours(name: str) -> None:
    trust.require([name])


def test_a_type_that_is_not_trusted_is_named_with_the_line_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting(monkeypatch, "somewhere.Else")
    with pytest.raises(errors.Refused) as refused:
        named(halved, tmp_path)

    name = f"{THIS}.halved"
    assert str(refused.value) == f"the model names types that are not trusted: {name}"
    assert f'add to model.py: TRUSTED = ("somewhere.Else", "{name}",)' in refused.value.hint

    trusting(monkeypatch, "somewhere.Else", name)
    assert named(halved, tmp_path) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "builtins.eval",
        "posix.system",
        "subprocess.Popen",
        "joblib.numpy_pickle.load",
        "operator.methodcaller",
        "sklearn.utils._testing.check_output",
        "sklearn.datasets._openml.urlopen",
        f"{THIS}.command",
    ],
)
def test_what_can_run_code_is_refused_whoever_trusts_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting(monkeypatch, name)

    with pytest.raises(errors.Refused, match=r"not trusted: .*; they can run any code"):
        trust.require([name])


def test_a_function_of_a_family_that_is_no_score_is_not_trusted_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "sklearn.model_selection._split.train_test_split"
    with pytest.raises(errors.Refused, match="not trusted: sklearn"):
        trust.require([name])

    trusting(monkeypatch, name)
    trust.require([name])


def test_a_function_of_scipys_is_trusted_without_the_list_that_skops_makes(tmp_path: Path) -> None:
    """That takes part of a second of each start of a service; another process has no skops yet."""
    code = f"""
import sys
from pathlib import Path
import scipy.special
from sklearn.preprocessing import FunctionTransformer
from {artifact.__package__} import artifact
folder = Path(sys.argv[1])
artifact.save(FunctionTransformer(scipy.special.expit), folder)
print(*artifact.named_types(folder))
print("expit" in dir(scipy.special))
"""
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout

    assert re.fullmatch(r"scipy\.special\.\S+\.expit \S+\nTrue\n", found)


@pytest.mark.parametrize(
    "name",
    ["scipy.special._testutils.PytestTester", "scipy.special._ufuncs.np", "scipy.special.test"],
)
def test_what_else_scipy_has_is_not_trusted_by_itself(name: str) -> None:
    with pytest.raises(errors.Refused, match="not trusted"):
        trust.require([name])


@pytest.mark.parametrize("name", ["sklearn.metrics.np", "sklearn.utils.validation.joblib.load"])
def test_a_module_that_a_trusted_one_imports_is_not_trusted(name: str) -> None:
    with pytest.raises(errors.Refused, match="not trusted: sklearn"):
        trust.require([name])


def test_what_no_name_leads_to_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(errors.Refused, match="can be found by no name") as refused:
        named(lambda values: values, tmp_path)

    assert "with a name of its own" in refused.value.hint


def test_an_unknown_type_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "import_module", lambda name: pytest.fail(f"imports {name}"))

    with pytest.raises(errors.Refused, match=r"not trusted: antigravity_of_yours\.fly"):
        trust.require(["antigravity_of_yours.fly"])


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "FAMILIES", ("no_such_package",))

    with pytest.raises(errors.WrongInput, match="needs the package no_such_package") as found:
        trust.require(["no_such_package.Model"])
    assert found.value.hint == "uv add no_such_package"


@pytest.mark.parametrize("wrong", ["a.name", ["a", 1], None])
def test_a_list_that_is_none_is_wrong_input(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "TRUSTED", wrong, raising=False)

    with pytest.raises(errors.WrongInput, match="expected a tuple of names"):
        trust.declared()


@pytest.mark.slow
def test_packages_of_types_have_their_version() -> None:
    found = trust.packages(["sklearn.tree._tree.Tree", "collections.OrderedDict", "numpy.dtype"])

    assert found["numpy"] == np.__version__
    assert list(found) == ["numpy", "scikit-learn"]
