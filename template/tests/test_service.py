"""What the desk gets when it asks about flights."""

import json

import pytest


@pytest.fixture
def rows(scheduled):
    """Return three flights as the desk sends them."""
    return json.loads(scheduled.head(3).to_json(orient="records", date_format="iso"))


def test_each_flight_is_answered(service, rows):
    answer = service.post("/predict", json={"rows": rows})

    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == 3


def test_a_new_airline_and_unknown_weather_are_answered(service, rows):
    flight = {**rows[0], "carrier": "ZZ", "temp": None, "wind_speed": None}

    assert service.post("/predict", json={"rows": [flight]}).status_code == 200


def test_a_delay_that_is_known_already_is_refused(service, rows):
    answer = service.post("/predict", json={"rows": [{**rows[0], "dep_delay": 40.0}]})

    assert answer.status_code == 400
    assert "dep_delay" in answer.json()["detail"]
    assert "known at the prediction moment" in answer.json()["hint"]


def test_a_distance_below_zero_is_refused(service, rows):
    answer = service.post("/predict", json={"rows": [rows[1], {**rows[0], "distance": -1}]})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("rows.1.distance")
