# The template's. What is right for your data you say by options of `start-from`.
"""Is each column proposed for what a careful person would take it for?"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..package import errors, leaks, profile, rare, source

# they say nothing of your files
pytestmark = pytest.mark.slow

ROWS = 400


@pytest.fixture
def customers() -> pd.DataFrame:
    """Return customers, of whom some churned."""
    random = np.random.default_rng(0)
    churned = random.random(ROWS) < 0.3
    return pd.DataFrame(
        {
            "customer_id": np.arange(ROWS) + 1000,
            "signed_up": pd.date_range("2024-01-01", periods=ROWS, freq="9h"),
            "email": [f"person{number}@example.com" for number in range(ROWS)],
            "plan": random.choice(["basic", "plus"], ROWS),
            "monthly": random.normal(30, 8, ROWS).round(2) + 5 * churned,
            "complaint": [f"it was slow on day {number} again" for number in range(ROWS)],
            "voucher": [f"V{number:05}" for number in range(ROWS)],
            "currency": "EUR",
            "fax": None,
            "churned": np.where(churned, "yes", "no"),
        }
    )


def look(rows: pd.DataFrame, folder: Path, target: str = "churned", **options: Any) -> Any:
    """Return the profile of a table that comes from a file."""
    rows.to_csv(folder / "table.csv", index=False)
    return profile.profile(source.read(folder / "table.csv"), target, **options)


def roles(found: Any) -> dict[str, str]:
    """Return the role of each column."""
    return {column.name: column.role for column in found.columns}


def test_each_column_has_the_role_of_what_it_holds(customers: pd.DataFrame, tmp_path: Path) -> None:
    found = look(customers, tmp_path)

    assert roles(found) == {
        "customer_id": "key",
        "signed_up": "time",
        "email": "personal",
        "plan": "feature",
        "monthly": "feature",
        "complaint": "text",
        "voucher": "identifier",
        "currency": "constant",
        "fax": "empty",
        "churned": "target",
    }
    assert (found.labels, found.positive) == (("no", "yes"), "yes")
    assert all(column.reason for column in found.columns if column.role != "feature")
    assert "person1@example.com" not in profile.table(found)


def leaking(customers: pd.DataFrame, kind: str) -> pd.DataFrame:
    churned = customers["churned"] == "yes"
    leak = {
        "a copy": churned.map({True: "closed", False: "open"}),
        "a number": np.where(churned, 17.5, 3.25),
        "filled only then": pd.Series(np.arange(ROWS) % 90, dtype="float64").where(churned),
    }[kind]
    return customers.assign(account_state=leak)


@pytest.mark.parametrize("kind", ["a copy", "a number", "filled only then"])
def test_a_planted_leak_is_named_and_no_feature(
    customers: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    found = look(leaking(customers, kind), tmp_path)

    assert roles(found)["account_state"] == "leak"
    assert any("account_state is no feature" in one for one in found.warnings)


def test_a_column_that_is_filled_only_when_the_target_is_is_named(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    took, came = random.normal(90, 20, ROWS), np.arange(ROWS) % 13 != 0
    rows = pd.DataFrame(
        {
            "planned": random.normal(90, 20, ROWS),
            "wind": pd.Series(random.normal(5, 2, ROWS)).where(np.arange(ROWS) % 5 != 0),
            "speed": pd.Series(random.normal(400, 40, ROWS)).where(came),
            "left": pd.Series(random.normal(6, 2, ROWS)).where(came | (np.arange(ROWS) % 39 == 0)),
            "took": pd.Series(took).where(came),
        }
    )
    found = look(rows, tmp_path, "took")

    assert [roles(found)[name] for name in ("speed", "left", "wind")] == [
        "leak",
        "feature",
        "feature",
    ]
    assert "speed is no feature: it is filled only when took is" in found.warnings
    said = "left is missing only where took is: is it known in time? else --drop left"
    assert said in found.warnings
    assert not any("wind" in one for one in found.warnings)


def test_a_column_that_comes_near_to_a_leak_is_a_feature_to_look_at(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    ended = (customers["churned"] == "no") * 52 + np.arange(ROWS) % 17
    few = np.arange(ROWS) % 20 == 0  # whose contract ended for another reason
    found = look(customers.assign(week=ended.mask(few, 60)), tmp_path)

    assert roles(found)["week"] == "feature"
    said = [one for one in found.warnings if one.startswith("week alone says 9")]
    assert said[0].endswith("of what churned is: is it known in time? else --drop week")


@pytest.mark.parametrize(("every", "named"), [(3, True), (25, False)])
def test_a_column_that_only_some_rows_of_one_label_have_is_to_look_at(
    customers: pd.DataFrame, tmp_path: Path, every: int, *, named: bool
) -> None:
    stays = customers["churned"] == "no"
    some = stays & (stays.cumsum() % every == 0)
    rating = pd.Series(np.arange(ROWS) * 7 % 5.0).where(some)
    found = look(customers.assign(rating=rating), tmp_path)

    assert roles(found)["rating"] == "feature"
    said = "rating is filled only when churned is no: is it known in time? else --drop rating"
    assert (said in found.warnings) is named


def test_what_a_model_said_and_other_outcomes_are_named(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    names = ["load_1", "load_2", "load_10", "y_pred_proba", "predicted_load", "x2", "prediabetes"]
    rows = pd.DataFrame({name: random.normal(5, 2, ROWS) for name in [*names, "loads", "score"]})
    found = look(rows, tmp_path, "load_1")

    assert set(roles(found).values()) == {"feature", "target"}
    assert [one for one in found.warnings if "in time?" in one] == [
        "named as what a model says: y_pred_proba, predicted_load; known in time? "
        "else --drop y_pred_proba,predicted_load",
        "named as load_1 is: load_2, load_10; known in time? else --drop load_2,load_10",
    ]
    assert not any("in time?" in one for one in look(rows[names[:3]], tmp_path, "load_1").warnings)


def test_two_columns_whose_difference_is_the_target_are_named(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    before, spent = random.normal(100, 20, ROWS), random.normal(10, 3, ROWS)
    rows = customers.assign(before=before, after=before - spent, spent=spent)
    found = roles(look(rows, tmp_path, "spent"))

    assert (found["before"], found["after"], found["monthly"]) == ("leak", "leak", "feature")


def test_a_column_that_is_no_feature_is_not_asked_about_once_more(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    most, rest = random.normal(100, 20, ROWS), random.normal(10, 4, ROWS)
    found = look(customers.assign(most=most, rest=rest, whole=most + rest), tmp_path, "whole")

    assert [one for one in found.warnings if one.startswith("most ")] == [
        "most is no feature: most + rest says what whole is"
    ]


def test_honest_columns_are_no_leaks() -> None:
    found = profile.profile(source.read(Path("sklearn:iris")), "target")

    assert set(roles(found).values()) == {"feature", "target"}
    assert found.labels == ("setosa", "versicolor", "virginica")
    assert (found.time, found.key, found.positive) == ("", (), "")


def test_what_a_person_says_counts(customers: pd.DataFrame, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "time": "none",
        "key": ("voucher",),
        "drop": ("complaint",),
        "positive": "no",
    }
    found = look(customers, tmp_path, group="plan", **options)

    assert (found.time, found.key, found.group, found.positive) == ("", ("voucher",), "plan", "no")
    assert roles(found)["complaint"] == "dropped"
    assert roles(found)["plan"] == "group"


@pytest.mark.parametrize(
    ("change", "target", "options", "said"),
    [
        ({}, "churn", {}, "there is no column 'churn'"),
        ({"churned": "no"}, "churned", {}, "'churned' is 'False' in all 400 rows"),
        ({}, "fax", {}, "0 rows have a value of 'fax'"),
        ({}, "voucher", {}, "'voucher' has 400 labels; expected at most 50"),
        ({}, "signed_up", {}, "holds times; expected labels or a number"),
        ({}, "churned", {"positive": "maybe"}, "--positive is 'maybe', but the labels are no, yes"),
        ({}, "churned", {"key": ("plan",)}, "--key plan: 398 rows repeat a key"),
        ({}, "churned", {"time": "plan"}, "--time plan holds no times"),
        ({"churned": ["low", "medium", "high", "low"] * 100}, "churned", {}, "an ordered scale"),
        ({"churned": ["a"] * 396 + ["b"] * 4}, "churned", {}, "'b' of 'churned' has 4 rows"),
        ({"churned": ["a;b", "a"] * 200}, "churned", {}, "holds several labels in one value"),
        ({"churned": ["Left", "left", "x", "x"] * 100}, "churned", {}, "one word, spelled in two"),
        ({"churned": ["e\u0301", "\xe9", "\xe9\u200b", "x"] * 100}, "churned", {}, "in two ways"),
        ({}, "", {}, "--target names no column"),
        ({}, "churned", {"drop": ("churned",)}, "--target and --drop both name 'churned'"),
        (
            {},
            "churned",
            {"drop": ("plan",), "group": "plan"},
            "--group and --drop both name 'plan'",
        ),
        ({}, "churned", {"key": ("fax",)}, "--key fax is missing in 400 rows"),
    ],
)
def test_what_cannot_be_learned_is_refused_in_one_line(
    customers: pd.DataFrame,
    tmp_path: Path,
    change: dict[str, Any],
    target: str,
    options: dict[str, Any],
    said: str,
) -> None:
    with pytest.raises(errors.WrongInput) as caught:
        look(customers.assign(**change), tmp_path, target, **options)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1], ("0", "1")),
        ([0.0, 1.0], ("0", "1")),
        ([True, False], ("no", "yes")),
        (["N", "Y"], ("n", "y")),
        (["No", "Yes", "no", "yes"], ("no", "yes")),
        (["No", "Yes", "N", "Y"], ("no", "yes")),
        ([3, 4, 5, 6], ()),
        ([0.5, 1.5], ()),
    ],
    ids=str,
)
def test_a_target_is_labels_or_a_number(
    customers: pd.DataFrame, tmp_path: Path, values: list[Any], labels: tuple[str, ...]
) -> None:
    rows = customers.assign(churned=values * (ROWS // len(values)))

    assert look(rows, tmp_path).labels == labels


@pytest.mark.parametrize("name", ["status", "vote88", "outcome", "mode"])
def test_few_whole_numbers_that_are_named_like_labels_are_labels(
    customers: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    rows = customers.assign(**{name: np.arange(ROWS) % 3, "amount": np.arange(ROWS) % 3})

    assert look(rows, tmp_path, name).labels == ("0", "1", "2")
    assert look(rows, tmp_path, "amount").labels == ()


def test_rare_labels_duplicates_and_few_rows_are_said(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rare = np.where(np.arange(ROWS) < 20, "yes", "no")
    rows = pd.DataFrame({"plan": customers["plan"], "churned": rare})
    found = look(rows, tmp_path).warnings

    assert any(one.startswith("label 'yes' has 5.0% of the rows") for one in found)
    assert any("rows are the same as another one" in one for one in found)
    assert any("400 rows are few" in one for one in found)


def test_a_sentence_is_no_key_and_a_day_of_birth_no_time(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.drop(columns=["customer_id", "signed_up", "voucher"])
    born = pd.date_range("1980-01-01", periods=ROWS)
    sent = [f"2024-01-{number % 28 + 1:02}" for number in range(ROWS)]
    found = look(rows.assign(birthday=born, sent=["0000-00-00", *sent[1:]]), tmp_path)

    assert (found.key, found.time) == ((), "")
    assert roles(found)["birthday"] == "personal"
    assert roles(found)["sent"] == "feature"  # a day is no telephone number


def test_a_number_of_something_that_comes_again_is_no_feature_but_may_keep_rows_together(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.drop(columns="signed_up").assign(
        pig_id=np.arange(ROWS) // 4, pigs=np.arange(ROWS) // 4
    )
    found = look(rows, tmp_path)

    assert (roles(found)["pig_id"], roles(found)["pigs"]) == ("identifier", "feature")
    assert "each pig_id has several rows: --group pig_id keeps them on one side" in found.warnings


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0.0%"), (0.0004, "<0.1%"), (0.0006, "0.1%"), (1.0, "100.0%")]
)
def test_a_share_of_few_rows_is_not_none(share: float, said: str) -> None:
    assert leaks.percent(share) == said


def test_of_times_the_first_and_the_last_are_shown(customers: pd.DataFrame, tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=ROWS).to_series().sample(frac=1, random_state=0)
    found = look(customers.assign(signed_up=days.to_numpy()), tmp_path)
    last = f"{days.max():%Y-%m-%d}"

    assert {one.name: one.examples for one in found.columns}["signed_up"] == ("2024-01-01", last)
    assert last in profile.table(found)


def test_rows_without_anything_but_their_name_say_nothing_of_a_leak(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    lost = np.arange(ROWS) % 9 == 0
    scores = {
        f"score_{place}": (np.arange(ROWS) * place % 97).astype("float64") for place in range(1, 9)
    }
    scores |= {
        f"old_{place}": np.where(np.arange(ROWS) < 50, np.nan, values)
        for place, values in enumerate(scores.values())
    }
    rows = customers[["customer_id", "plan", "churned"]].assign(**scores)
    rows.loc[lost, [*scores, "churned"]] = None
    found = look(rows, tmp_path)

    assert {roles(found)[name] for name in scores} == {"feature"}
    assert not any("filled only" in one or "missing only" in one for one in found.warnings)


def test_a_day_as_excel_counts_it_names_no_row(customers: pd.DataFrame, tmp_path: Path) -> None:
    rows = customers.drop(columns=["signed_up", "customer_id", "voucher"])

    assert look(rows.assign(date=np.arange(ROWS) + 45_292), tmp_path).key == ()


def test_a_week_is_no_thing_of_several_rows(customers: pd.DataFrame, tmp_path: Path) -> None:
    weeks = [f"{2000 + number // 104}-W{number // 2 % 52 + 1:02}" for number in range(ROWS)]
    rows = customers.drop(columns="signed_up").assign(week=weeks)

    assert not any("--group" in one for one in look(rows, tmp_path).warnings)


def test_a_target_that_only_marks_rows_is_refused_with_what_to_do(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    marks = np.where(np.arange(ROWS) % 3 == 0, "x", None)
    with pytest.raises(errors.WrongInput, match="nothing to learn") as caught:
        look(customers.assign(churned=marks), tmp_path)

    assert "if they say no, write no" in caught.value.hint


def test_something_that_most_rows_lack_names_no_thing_of_several_rows(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    partner = [f"the partner {number}" if number % 4 == 0 else None for number in range(ROWS)]
    rows = customers.drop(columns="signed_up").assign(partner=partner)

    assert not any("--group" in one for one in look(rows, tmp_path).warnings)
    many = rows.assign(
        partner=[f"the partner {max(0, number - ROWS // 2)}" for number in range(ROWS)]
    )
    assert not any("--group" in one for one in look(many, tmp_path).warnings), "most have one row"


def test_what_is_the_same_in_all_rows_of_a_thing_says_that_it_keeps_rows_together(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    shop = np.arange(ROWS) % 25
    rows = customers.drop(columns="signed_up").assign(
        shop=shop, area=shop * 7.5 % 11, town=[f"town {one % 4}" for one in shop]
    )
    found = look(rows, tmp_path)
    said = "area, town are the same in each shop: --group shop keeps its rows on one side"

    assert said in found.warnings
    assert not any("--group" in one for one in look(rows.drop(columns="town"), tmp_path).warnings)


def test_a_number_of_which_others_are_bins_names_nothing_whose_rows_belong_together(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    years = np.arange(ROWS) * 7 % 60 + 18
    rows = customers.drop(columns="signed_up").assign(
        years=years, decade=years // 10 * 10, adult=np.where(years > 40, "old", "young")
    )

    assert not any("--group" in one for one in look(rows, tmp_path).warnings)


def test_subjects_of_whom_few_come_again_may_keep_rows_together(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.drop(columns=["signed_up", "customer_id"])
    found = look(rows.assign(subject_id=np.arange(ROWS) * 8 // 9), tmp_path)

    said = "some subject_id have several rows: --group subject_id keeps them on one side"
    assert said in found.warnings


def test_a_year_is_asked_about_and_may_be_the_time(customers: pd.DataFrame, tmp_path: Path) -> None:
    rows = customers.drop(columns="signed_up").assign(year=2000 + np.arange(ROWS) // 20)
    said = "does year say when a row came about? --time year then splits rows in time"

    assert said in look(rows, tmp_path).warnings
    assert said not in look(rows.assign(year=rows["year"] - 1990), tmp_path).warnings
    found = profile.with_years(source.read(tmp_path / "table.csv"), "year")
    assert found.written["year"].kind == "integer"  # no year begins so
    rows.to_csv(tmp_path / "table.csv", index=False)
    found = profile.with_years(source.read(tmp_path / "table.csv"), "year")
    assert found.rows["year"].iloc[0] == pd.Timestamp("2000-01-01")
    assert profile.profile(found, "churned", time="year").time == "year"


def test_a_time_in_parts_and_times_of_which_none_orders_the_rows_are_said(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=ROWS)).sample(frac=1, random_state=0)
    rows = customers.drop(columns="signed_up")
    parts = rows.assign(month=days.dt.month.to_numpy(), day=days.dt.day.to_numpy())
    two = rows.assign(asked=days.to_numpy(), answered=(days + pd.Timedelta("3D")).to_numpy())

    assert (
        "month, day look like a time in parts: joined in one column, it would split rows in time"
        in look(parts, tmp_path).warnings
    )
    assert (
        "asked, answered are times: --time names the one by which rows are split"
        in look(two, tmp_path).warnings
    )
    assert not any("time" in one for one in look(customers, tmp_path).warnings)


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("rownames", 1000 + np.arange(ROWS) * 3, "identifier"),
        ("place", np.arange(ROWS) + 1, "identifier"),
        ("place", 1 + np.arange(ROWS) * 4 // 3, "identifier"),  # some rows were left out
        ("income", 1000 + np.arange(ROWS) * 7919 % 99_991, "feature"),
        ("year", 1600 + np.arange(ROWS), "feature"),
        ("time", np.arange(ROWS), "feature"),
        ("wealth", 1 + np.arange(ROWS) * 7919 % ROWS, "feature"),
        ("innings_ip", np.arange(ROWS) % 61 / 3, "feature"),
        ("pid", 526_301_000 + np.arange(ROWS) * 7919 % 99_991, "identifier"),
        ("schoolid", np.arange(ROWS) // 3 + 51, "identifier"),
        ("case_id", np.where(np.arange(ROWS) % 9, np.arange(ROWS) // 3 + 51, np.nan), "identifier"),
        ("humid", np.arange(ROWS) * 7919 % 101 / 7, "feature"),
        ("order_id", [f"2015-{number // 2:06}" for number in range(ROWS)], "identifier"),
        ("store_id", [f"S{number % 60:03}" for number in range(9 * ROWS)], "feature"),
        ("x3_ssn_porch", np.arange(ROWS) % 31 * 12, "feature"),
        ("ssn", 123_456_789 + np.arange(ROWS) * 7919, "personal"),
    ],
)
def test_what_names_rows_or_things_is_no_feature(
    customers: pd.DataFrame, tmp_path: Path, name: str, values: Any, role: str
) -> None:
    rows = customers.iloc[np.arange(len(values)) % ROWS].assign(**{name: values})
    rows["customer_id"] = np.arange(len(rows)) * 3 + 5000

    assert roles(look(rows, tmp_path))[name] == role


@pytest.mark.parametrize(("name", "key"), [("year", ()), ("wealth", ()), ("place", ("place",))])
def test_a_period_and_a_rank_name_no_row(name: str, key: tuple[str, ...], tmp_path: Path) -> None:
    number = np.arange(ROWS) * 7919 % ROWS if name == "wealth" else np.arange(ROWS)
    rows = pd.DataFrame({name: 1 + number, "a": np.arange(ROWS) % 7, "churned": number % 2})

    assert look(rows, tmp_path).key == key


@pytest.mark.parametrize("spelled", ["Churned", "CHURNED?", "'churned'"])
def test_a_name_may_be_spelled_as_it_would_be_cleaned(
    customers: pd.DataFrame, tmp_path: Path, spelled: str
) -> None:
    assert look(customers, tmp_path, spelled).target == "churned"


def test_addresses_are_no_feature_even_where_they_keep_rows_together(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.assign(contact=[f"a{number % 40}@example.com" for number in range(ROWS)])
    found = look(rows, tmp_path, group="contact")

    assert found.group == "contact"
    assert roles(found)["contact"] == "personal"


@pytest.mark.parametrize(
    ("made", "role", "said"),
    [
        (
            lambda y: np.where(y > 30, "dear", "cheap"),
            "leak",
            "each of its values stands for a part",
        ),
        (lambda y: (y.rank().astype("int64") - 1) // 100, "feature", "that each stand for a part"),
    ],
    ids=["a class of it", "its quarters"],
)
def test_what_was_made_of_a_number_is_named(
    customers: pd.DataFrame, tmp_path: Path, made: Any, role: str, said: str
) -> None:
    rows = customers.assign(monthly=np.arange(ROWS) * 7919 % ROWS / 8 + 10)
    found = look(rows.assign(band=made(rows["monthly"])), tmp_path, "monthly")

    assert roles(found)["band"] == role
    assert any("band" in one and said in one for one in found.warnings)


def test_a_flag_of_one_of_three_labels_is_named(customers: pd.DataFrame, tmp_path: Path) -> None:
    level = pd.Series(np.arange(ROWS) * 7919 % 3).map({0: "a", 1: "b", 2: "c"})
    found = look(customers.assign(level=level, very=level == "a"), tmp_path, "level")

    assert any("very has values that each stand for a part of level" in s for s in found.warnings)


@pytest.mark.parametrize("way", ["product", "ratio", "sum"])
def test_a_pair_that_gives_the_number_is_a_leak_and_a_bystander_is_none(
    customers: pd.DataFrame, tmp_path: Path, way: str
) -> None:
    random = np.random.default_rng(1)
    a, b = random.uniform(1, 50, ROWS), random.uniform(1, 50, ROWS)
    y = {"product": a * b, "ratio": a / b, "sum": a + b}[way]
    rows = customers.assign(aside=random.uniform(1, 5, ROWS), first=a, second=b, monthly=y)
    found = roles(look(rows, tmp_path, "monthly"))

    assert (found["first"], found["second"], found["aside"]) == ("leak", "leak", "feature")


def test_noise_beside_a_column_that_says_nearly_all_is_no_leak(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    y = np.exp(random.normal(5, 2, ROWS))
    rows = customers.assign(before=y * random.uniform(0.98, 1.02, ROWS), monthly=y)
    rows = rows.assign(latitude=random.uniform(43, 45, ROWS))

    assert roles(look(rows, tmp_path, "monthly"))["latitude"] == "feature"


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        (("control", "PD"), "PD"),
        (("benign", "odd"), "odd"),
        (("nein", "ja"), "ja"),
        (("a", "b"), "a"),
    ],
)
def test_the_label_to_find_is_not_the_usual_state(
    customers: pd.DataFrame, tmp_path: Path, labels: tuple[str, str], positive: str
) -> None:
    state = np.where(np.arange(ROWS) * 7919 % 10 < 3, *labels)

    assert look(customers.assign(state=state), tmp_path, "state").positive == positive


def test_labels_that_are_too_rare_count_as_no_value_and_are_named(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.assign(plan=np.resize(["S", "M"], ROWS))
    rows.loc[:3, "plan"] = "test"
    rows.to_csv(tmp_path / "table.csv", index=False)
    found = rare.without_rare(source.read(tmp_path / "table.csv"), "plan")

    assert (len(found.rows), found.written["plan"].missing) == (ROWS - 4, ("test",))
    assert found.rows["plan"].notna().all(), "else ingest asks why outcomes are missing"
    assert found.notes[-1].startswith("fewer than 10 rows have plan 'test': 4 rows left out")
    assert profile.profile(found, "plan").labels == ("M", "S")
    for many in (30, 3):  # more than a few labels, or one that is another one
        rows.loc[:, "plan"] = np.resize(["S", "M"], ROWS)
        rows.loc[:many, "plan"] = [
            f"s{number // 2 * (many > 3) or ''}" for number in range(many + 1)
        ]
        rows.to_csv(tmp_path / "table.csv", index=False)
        read = source.read(tmp_path / "table.csv")
        assert rare.without_rare(read, "plan") is read


def test_whole_numbers_that_stand_for_labels_may_be_rare_too(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.assign(type=np.resize([1, 2, 3], ROWS), cars=np.resize([1, 2, 3], ROWS))
    rows.loc[:3, ["type", "cars"]] = 7
    rows.to_csv(tmp_path / "table.csv", index=False)
    read = source.read(tmp_path / "table.csv")
    found = rare.without_rare(read, "type")

    assert (len(found.rows), found.written["type"].missing) == (ROWS - 4, (7, "7"))
    assert profile.profile(found, "type").labels == ("1", "2", "3")
    assert rare.without_rare(read, "cars") is read, "a count is a number"


def test_rare_labels_that_only_later_rows_have_count_as_no_value_and_are_named(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.assign(
        plan=np.resize(["S", "M"], ROWS), signed_up=pd.date_range("2024-01-01", periods=ROWS)
    )
    for many, new in ((12, True), (40, False)):  # the latter are too many to be left out unasked
        rows.loc[ROWS - many :, "plan"] = "new"
        rows.to_csv(tmp_path / "table.csv", index=False)
        read = source.read(tmp_path / "table.csv")
        found = rare.without_new(read, "plan", "signed_up", 0.2)
        note = "plan 'new' comes only in the later part of the rows: 12 rows left out"

        assert (found is not read) == new
        assert any(one.startswith(note) for one in found.notes) == new
        assert len(found.rows) == ROWS - 12 * new
    assert rare.without_new(read, "plan", "", 0.2) is read, "rows are drawn of each label"


def test_a_label_that_is_spelled_in_more_than_one_way_is_the_usual_one(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    spelled = ["On time", "on  time", "Late", "LATE", "Late", "On time"]
    rows = customers.assign(plan=np.resize(spelled, ROWS))
    rows.to_csv(tmp_path / "table.csv", index=False)
    found = rare.one_spelling(source.read(tmp_path / "table.csv"), "plan")

    assert found.written["plan"].spelled == {"LATE": "Late", "on  time": "On time"}
    assert found.notes[-1] == "plan: 'LATE' is taken for 'Late', and 1 more alike"
    assert profile.profile(found, "plan").labels == ("Late", "On time")
    rows = customers.assign(plan=np.resize(["a", "A"], ROWS))  # two marks, or one: who knows
    rows.to_csv(tmp_path / "table.csv", index=False)
    read = source.read(tmp_path / "table.csv")
    assert rare.one_spelling(read, "plan") is read


def test_what_only_one_of_many_labels_has_is_said(customers: pd.DataFrame, tmp_path: Path) -> None:
    rows = customers.assign(plan=np.resize(["storm", "wave", "calm"], ROWS))
    rows["strength"] = pd.Series(np.arange(ROWS) % 90, dtype="float64").where(
        rows["plan"] == "storm"
    )
    found = look(rows, tmp_path, "plan")

    assert roles(found)["strength"] == "feature"
    assert any("strength is filled only when plan is storm" in note for note in found.warnings)


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("season", ["2003-2004", "2004-2005", "2005-2006"], "feature"),
        ("income", ["$10000-12499", "12500-14999"], "feature"),
        ("mfr_name", ["Ford", "Audi", "Fiat"], "feature"),
        ("name_of_covered_entity", ["A clinic", "B clinic"], "feature"),
        ("name_of_customer", ["A", "B"], "feature"),
        ("phone_service", ["Yes", "No"], "feature"),
        ("email_opened", [0, 1], "feature"),
        ("study_name", ["PAL0708", "PAL0809"], "feature"),
        ("business_name", ["Shoes Ltd", "Hats Ltd", "Belts Ltd"], "feature"),
        ("mobile", ["a", "b", "c"], "personal"),
        ("name", ["Ann Doe", "Bob Roe", "Eve Poe"], "personal"),
        ("name", ["ann_92", "bob77", "eve"], "personal"),
        ("name", [f"Customer {number}" for number in range(ROWS)], "personal"),
        ("name", ["ford pinto", "datsun 510", "vw 1131 deluxe", "amc gremlin"], "feature"),
        ("pet_name", ["Rex", "Wall-E", "Mia"], "feature"),
        ("clinic_name", ["North", "West", "South"], "feature"),
        ("steward_name", ["Ann Doe", "Bob Roe", "Eve Poe"], "personal"),
        ("birth_yr", [1941, 1954, 1949], "feature"),
        ("birth_weight", [2.9, 3.4, 3.1], "feature"),
        ("birth_outcome", ["live", "still", "lost"], "feature"),
        (
            "date_of_birth",
            [f"{1 + number % 28}.5.{1950 + number % 40}" for number in range(ROWS)],
            "personal",
        ),
        ("birth_number", 4_101_231_234 + 7919 * np.arange(ROWS), "personal"),
        ("order", [f"2015-{number:06}" for number in range(ROWS)], "identifier"),
        ("call", [f"030-{number * 7919 % 99_991:07}" for number in range(ROWS)], "personal"),
        ("ring", [f"{number * 7919 % 991:04}-{number:07}" for number in range(ROWS)], "personal"),
    ],
)
def test_what_tells_of_no_person_is_not_personal_by_its_name_or_form(
    customers: pd.DataFrame, tmp_path: Path, name: str, values: list[Any], role: str
) -> None:
    rows = customers.assign(**{name: np.resize(values, ROWS)})

    assert roles(look(rows, tmp_path))[name] == role


def test_what_to_do_with_a_name_that_may_be_of_a_thing_is_said(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.assign(name=np.resize(["hawaiian", "classic", "mexicana"], ROWS))

    said = "name is no feature: its name says 'name'; one of a thing says so, as product_name"
    assert said in look(rows, tmp_path).warnings


def test_the_positive_label_may_be_spelled_as_the_file_does(
    customers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = customers.assign(churned=customers["churned"].map({"yes": "Y", "no": "N"}))

    assert look(rows, tmp_path, positive="N").positive == "n"

    rows = customers.assign(churned=customers["churned"] == "yes")
    assert look(rows, tmp_path, positive="False").positive == "no"
