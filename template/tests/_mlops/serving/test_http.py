# The template's. Claims about what your service answers go into tests/test_service.py.
"""The running service: what it answers, and what it refuses."""

import json
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from bentoml._internal.server.http import instruments
from pydantic import TypeAdapter, ValidationError

from ..broken import KNOWN, LATE, NEEDED, UNREAD, cells
from ..fixtures import Repo, nearly
from ..package import interface, messages, notes, schema, tables

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="session")
def records(known: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of the sample as a request holds them."""
    return tables.as_records(known)


def ask(service: httpx.Client, rows: list[Any], **headers: str) -> dict[str, Any]:
    """Return what the service answers to rows."""
    answer = service.post("/predict", json={"rows": rows}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(service: httpx.Client, content: str | bytes, **headers: str) -> tuple[int, str]:
    """Return status and text of a request that has to be refused in the one form of errors."""
    answer = service.post("/predict", content=content, headers={**JSON, **headers})
    assert 400 <= answer.status_code < 500, answer.text
    assert set(answer.json()) == {"error", "detail", "hint"}
    assert answer.json()["error"]
    assert answer.json()["hint"]
    assert answer.headers["x-request-id"]
    return answer.status_code, answer.text


def refused_row(service: httpx.Client, row: dict[str, Any]) -> tuple[int, str]:
    """Return how one row is refused."""
    return refused(service, json.dumps({"rows": [row]}))


def predicted(repo: Repo, rows: pd.DataFrame, folder: Path, suffix: str) -> pd.DataFrame:
    """Return what `predict` adds to a file of rows."""
    source, destination = folder / f"in{suffix}", folder / "out.parquet"
    rows.to_csv(source, index=False) if suffix == ".csv" else rows.to_parquet(source)
    repo.must("predict", "--input", source, "--output", destination)
    return pd.read_parquet(destination)


def test_an_answer_has_a_prediction_for_each_row_and_says_which_model(
    service: httpx.Client, records: list[Any]
) -> None:
    answer = ask(service, records[:3])

    assert len(answer["predictions"]) == 3
    assert answer["model_version"] == "1"
    assert answer["request_id"]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_service_and_predict_give_the_same_in_the_same_order(
    service: httpx.Client,
    repo: Repo,
    known: pd.DataFrame,
    records: list[Any],
    tmp_path: Path,
    suffix: str,
) -> None:
    answer = ask(service, records)
    table = predicted(repo, known, tmp_path, suffix)

    assert answer["predictions"] == nearly(table["prediction"].tolist())
    for position, shares in enumerate(answer.get("probabilities", [])):
        found = {label: table[f"probability_{label}"].iloc[position] for label in schema.LABELS}
        assert shares == pytest.approx(found, rel=1e-9)


def between(values: pd.Series, random: np.random.Generator) -> pd.Series:
    """Return values half-way between neighbours, where trees have their thresholds."""
    known = np.unique(values.dropna().to_numpy())
    halves = ((known[1:] + known[:-1]) / 2).round(4)
    if not len(halves):
        return values
    return pd.Series(random.choice(halves, len(values)), index=values.index)


@pytest.mark.parametrize("digits", [10, 15], ids=["ten digits", "all digits"])
def test_single_precision_is_answered_as_the_decimals_that_it_stands_for(
    service: httpx.Client, repo: Repo, known: pd.DataFrame, tmp_path: Path, digits: int
) -> None:
    """Every row as Parquet in single precision, as CSV, and as JSON that pandas writes."""
    numbers = [column.name for column in KNOWN if column.kind == "number"]
    if not numbers:
        pytest.skip("you declare no number")
    random = np.random.default_rng(0)
    drawn = known[numbers].apply(lambda values: between(values, random))
    tiny = ((drawn.abs() > 0) & (drawn.abs() < 1e-3)).any()  # taken as they are written
    rows = known.assign(**drawn).astype(dict.fromkeys(tiny.index[~tiny], "float32"))
    request = json.loads(rows.to_json(orient="records", date_format="iso", double_precision=digits))
    times = [c.name for c in KNOWN if c.kind == "timestamp"]
    texts = rows.astype({c.name: "object" for c in KNOWN if c.kind == "timestamp"})
    for row, (_, given) in zip(request, texts.iterrows(), strict=True):
        row |= {name: given[name].isoformat() for name in times if not pd.isna(given[name])}
    answer = ask(service, request)
    found = [predicted(repo, rows, tmp_path, suffix) for suffix in (".parquet", ".csv")]

    for table in found:
        assert answer["predictions"] == nearly(table["prediction"].tolist())
        for position, shares in enumerate(answer.get("probabilities", [])):
            given = {label: table[f"probability_{label}"].iloc[position] for label in shares}
            assert shares == pytest.approx(given, rel=1e-9)  # pandas writes 15 decimals at most


def test_a_time_with_an_offset_is_the_same_moment(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    zones = {column.name: column.zone for column in KNOWN if column.zone}
    if not zones:
        pytest.skip("no time of yours declares its zone")
    rows = known[known[[*zones]].notna().all(axis="columns")].head(3)
    plain = tables.as_records(rows)
    aware = [
        row
        | {
            name: pd.Timestamp(row[name]).tz_localize(zone).tz_convert("UTC").isoformat()
            for name, zone in zones.items()
        }
        for row in plain
    ]

    assert ask(service, aware)["predictions"] == nearly(ask(service, plain)["predictions"])


@pytest.mark.parametrize("zone", ["", "UTC"])
@pytest.mark.parametrize(
    "value", ["2014", "1375347600", "-5", "1375347600.5", "now", 2014, "2013-08-01"]
)
def test_what_is_no_time_is_not_taken_for_one(zone: str, value: object) -> None:
    column = interface.Column("at", "timestamp", "before", "when", zone=zone)
    at = TypeAdapter(messages.timestamp(column))

    with pytest.raises(ValidationError):
        at.validate_json(json.dumps(value))
    assert at.validate_json('"2013-08-01T09:00:00"') == datetime(2013, 8, 1, 9)


def test_a_number_in_place_of_a_time_is_refused_in_our_words(
    service: httpx.Client, records: list[dict[str, Any]]
) -> None:
    zones = [column.name for column in KNOWN if column.zone]
    if not zones:
        pytest.skip("no time of yours declares its zone")
    _, text = refused_row(service, records[0] | {zones[0]: "2014"})

    assert f"{zones[0]}: expected a time in ISO 8601" in text


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/docs.json"])
def test_a_method_that_is_not_allowed_says_which_are(service: httpx.Client, path: str) -> None:
    answer = service.delete(path)

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert set(answer.json()) == {"error", "detail", "hint"}


def test_the_order_of_rows_is_the_order_of_answers(
    service: httpx.Client, records: list[Any]
) -> None:
    there, back = ask(service, records[:50]), ask(service, records[:50][::-1])

    assert there["predictions"] == nearly(back["predictions"][::-1])


def test_a_row_alone_is_answered_as_among_others(service: httpx.Client, records: list[Any]) -> None:
    together = ask(service, records[:5])["predictions"]

    alone = [ask(service, [record])["predictions"][0] for record in records[:5]]
    assert alone == nearly(together)


def test_beside_a_neighbour_with_a_bad_row_each_gets_its_own(
    service: httpx.Client, records: list[Any]
) -> None:
    alone = [ask(service, [record]) for record in records[:24]]
    rows = [[record, {}] if place % 4 == 3 else [record] for place, record in enumerate(records)]

    def post(place: int) -> httpx.Response:
        return service.post(
            "/predict", json={"rows": rows[place]}, headers={"X-Request-ID": f"r{place}"}
        )

    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(post, range(24)))

    assert [one.status_code for one in found] == [200, 200, 200, 400] * 6
    assert [one.headers["x-request-id"] for one in found] == [f"r{place}" for place in range(24)]
    for place, answer in enumerate(found):
        if place % 4 == 3:
            assert "rows.1" in answer.json()["detail"]
        else:
            assert answer.json()["request_id"] == f"r{place}"
            assert answer.json()["predictions"] == nearly(alone[place]["predictions"])


def test_the_order_of_columns_does_not_matter(service: httpx.Client, records: list[Any]) -> None:
    turned = [dict(reversed(record.items())) for record in records[:5]]

    assert ask(service, turned)["predictions"] == nearly(ask(service, records[:5])["predictions"])


def test_a_request_id_comes_back(service: httpx.Client, records: list[Any]) -> None:
    answer = service.post(
        "/predict", json={"rows": records[:1]}, headers={"X-Request-ID": "order-7:b"}
    )

    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "order-7:b"


def test_requests_without_an_id_get_one_each(service: httpx.Client, records: list[Any]) -> None:
    ids = [ask(service, records[:1])["request_id"] for _ in range(2)]

    assert ids[0] != ids[1]


@pytest.mark.parametrize("value", ["two words", "x" * 129, "<script>"])
def test_a_request_id_that_could_forge_a_log_is_refused(
    service: httpx.Client, records: list[Any], value: str
) -> None:
    code, said = refused(service, json.dumps({"rows": records[:1]}), **{"x-request-id": value})

    assert (code, "X-Request-ID" in said) == (400, True)


@pytest.mark.parametrize("name", LATE)
def test_a_column_known_too_late_is_refused(
    service: httpx.Client, records: list[Any], name: str
) -> None:
    code, said = refused_row(service, {**records[0], name: 1})

    assert (code, f"rows.0.{name}" in said) == (400, True)


@pytest.mark.parametrize(
    ("column", "value"),
    [cell for cell in cells(KNOWN) if cell.values[1] is not None or cell.values[0] in NEEDED],
)
def test_a_wrong_value_is_refused_by_row_and_column(
    service: httpx.Client, records: list[Any], column: interface.Column, value: Any
) -> None:
    rows = [records[0], {**records[0], column.name: value}]
    code, said = refused(service, json.dumps({"rows": rows}))

    assert code == 400
    assert f"rows.1.{column.name}" in said or value == math.inf


@pytest.mark.parametrize("column", NEEDED, ids=lambda c: c.name)
def test_a_column_that_may_not_be_missing_is_asked_for(
    service: httpx.Client, records: list[Any], column: interface.Column
) -> None:
    row = {name: value for name, value in records[0].items() if name != column.name}

    assert f"rows.0.{column.name}" in refused_row(service, row)[1]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(
    service: httpx.Client, records: list[Any], literal: str
) -> None:
    numbers = [column.name for column in KNOWN if column.kind in ("integer", "number")]
    if not numbers:
        pytest.skip("this schema has no numbers")
    row = json.dumps({**records[0], numbers[0]: "HERE"}).replace('"HERE"', literal)

    assert refused(service, f'{{"rows": [{row}]}}')[0] == 400


@pytest.mark.parametrize(
    "content", ["", "rows", "{", "[]", "null", "{}", '{"rows": []}', '{"rows": [1]}', b"\xff\xfe"]
)
def test_what_is_not_a_request_is_refused(service: httpx.Client, content: str | bytes) -> None:
    assert refused(service, content)[0] == 400


def test_a_key_beside_rows_is_refused(service: httpx.Client, records: list[Any]) -> None:
    content = json.dumps({"rows": records[:1], "model": "2"})

    assert "model" in refused(service, content)[1]


@pytest.mark.parametrize("place", ["request", "row"])
@pytest.mark.parametrize("name", ["", "\ud800"], ids=["a column", "half a character"])
def test_a_key_that_stands_twice_is_refused_by_its_name(
    service: httpx.Client, records: list[Any], place: str, name: str
) -> None:
    """Which of the two is meant nobody can say."""
    name = name or ("rows" if place == "request" else next(iter(records[0])))
    whole, twice = json.dumps({"rows": records[:1]}), f"{json.dumps(name)}: 1, "
    twice += twice if name == "\ud800" else ""
    at = 1 if place == "request" else whole.index("{", 1) + 1
    code, said = refused(service, whole[:at] + twice + whole[at:])

    assert (code, "twice" in said, ascii(name)[1:-1] in json.loads(said)["detail"]) == (
        400,
        True,
        True,
    )


def test_paths_that_do_not_exist_are_counted_as_one(service: httpx.Client) -> None:
    """Else whoever reaches the port fills memory, disk and Prometheus."""
    for number in range(3):
        service.get(f"/no-such-page-{number}")
        service.get(f"/static_content/no-such-file-{number}")
    said = service.get("/metrics").text

    assert "no-such" not in said
    assert 'endpoint="other"' in said
    assert 'endpoint="/static_content"' in said


def test_two_services_of_a_process_are_counted_by_the_paths_of_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A notebook that reads service.py anew has two as well."""
    plain = instruments.RunnerTrafficMetricsMiddleware
    monkeypatch.setattr(instruments, "RunnerTrafficMetricsMiddleware", plain)
    monkeypatch.setattr(notes.ByName, "services", [])
    for route in ("/predict", "/explain"):
        apis = {"one": SimpleNamespace(route=route)}
        notes.bound_metrics(SimpleNamespace(apis=apis, mount_apps=[(None, "/files", None)]))

    asked = ("/predict", "/explain", "/files/a", "/none", "/filesystem")
    known = [notes.name_of(path, notes.ByName.services) for path in asked]
    assert known == ["/predict", "/explain", "/files", "other", "other"]


def test_the_log_says_where_a_request_is_wrong_and_not_what_it_holds(
    records: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    model = messages.input_model(schema, records[0])
    log = logging.getLogger(notes.READER)
    log.addFilter(notes.without_values)
    try:
        wrong = {"rows": [records[0] | {"no\nsuch": "somebody's name"}]}
        model.model_validate_json(json.dumps(wrong))
    except ValueError:
        log.exception("Exception on /predict [POST]")
    finally:
        log.removeFilter(notes.without_values)

    assert [record.getMessage() for record in caplog.records] == [
        "Exception on /predict [POST]: "
        r"wrong in 1 places, the first is extra_forbidden at 'rows.0.no\nsuch'"
    ]
    assert "Traceback" not in caplog.text
    assert "somebody" not in caplog.text


def test_a_redirect_names_no_host_of_the_callers(service: httpx.Client) -> None:
    answer = service.get("/livez/", headers={"host": "elsewhere.example"})

    assert (answer.status_code, answer.headers["location"]) == (307, "/livez")


def test_too_many_rows_are_refused(service: httpx.Client, records: list[Any]) -> None:
    content = json.dumps({"rows": (records[:1] * 1001)})

    assert refused(service, content)[0] in (400, 413)


def test_a_body_over_the_limit_is_refused(service: httpx.Client) -> None:
    assert refused(service, b" " * 2_000_001)[0] == 413


def test_a_body_over_the_limit_is_refused_when_its_length_is_not_said(
    service: httpx.Client,
) -> None:
    pieces = (b" " * 100_000 for _ in range(30))
    answer = service.post("/predict", content=pieces, headers=JSON)

    assert answer.status_code == 413
    assert answer.json()["hint"]


@pytest.mark.parametrize(
    "kind", ["application/vnd.bentoml+pickle", "application/octet-stream", "text/plain"]
)
def test_anything_but_json_is_refused_unread(service: httpx.Client, kind: str) -> None:
    pickled = b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x04exit\x94\x93\x94."
    code, said = refused(service, pickled, **{"content-type": kind})

    assert (code, kind in said) == (415, True)


def test_a_page_that_does_not_exist_says_where_to_go(service: httpx.Client) -> None:
    answer = service.post("/forecast", json={})

    assert answer.status_code == 404
    assert "POST /predict" in answer.json()["hint"]


def test_reading_instead_of_asking_says_how_to_ask(service: httpx.Client) -> None:
    answer = service.get("/predict")

    assert answer.status_code in (404, 405)
    assert "POST /predict" in answer.json()["hint"]


@pytest.mark.parametrize("page", ["/livez", "/readyz", "/metrics"])
def test_pages_for_machines_answer(service: httpx.Client, page: str) -> None:
    assert service.get(page).status_code == 200


def test_metrics_count_requests(service: httpx.Client, records: list[Any]) -> None:
    ask(service, records[:1])

    assert 'endpoint="/predict"' in service.get("/metrics").text


def test_the_page_of_the_api_has_an_example_that_works(service: httpx.Client) -> None:
    body = service.get("/docs.json").json()["paths"]["/predict"]["post"]["requestBody"]
    example = body["content"]["application/json"]["schema"]["properties"]["rows"]["example"]

    assert set(example[0]) <= {column.name for column in KNOWN}
    assert len(ask(service, example)["predictions"]) == 1


def test_the_page_asks_no_other_host_and_says_which_model_answers(service: httpx.Client) -> None:
    page, described = service.get("/").text, service.get("/docs.json").json()

    assert f"<title>{described['info']['title']}</title>" in page
    assert "//" not in page
    assert "Model version 1 answers" in described["info"]["description"]
    assert "//" not in described["info"]["description"]
    assert set(described["paths"]["/predict"]["post"]["responses"]) == {"200", "4XX", "503"}


def test_the_page_of_the_api_explains_each_column(service: httpx.Client) -> None:
    row = service.get("/docs.json").json()["components"]["schemas"]["Row"]["properties"]

    assert {name: row[name]["description"] for name in row} == {
        column.name: column.meaning for column in KNOWN
    }


def test_a_column_that_no_feature_reads_may_be_left_out(
    service: httpx.Client, records: list[Any]
) -> None:
    row = {name: value for name, value in records[0].items() if name not in UNREAD}

    assert ask(service, [row])["predictions"] == ask(service, [records[0]])["predictions"]


def test_values_that_may_be_missing_may_be_null_or_left_out(
    service: httpx.Client, records: list[Any]
) -> None:
    empty = {column.name for column in KNOWN if column.missing}
    as_null = {name: None if name in empty else value for name, value in records[0].items()}
    left_out = {name: value for name, value in records[0].items() if name not in empty}

    assert ask(service, [as_null])["predictions"] == ask(service, [left_out])["predictions"]


def test_a_category_not_seen_in_training_counts_as_missing(
    service: httpx.Client, records: list[Any]
) -> None:
    text = [column.name for column in KNOWN if column.kind == "text"]

    assert ask(service, [{**records[0], **dict.fromkeys(text, "??")}])["predictions"]
