"""What the model has learned about flights, and what it has not."""

import pandas as pd
import pytest

from {{ package_name }} import data, features, metrics, model, schema


def inputs(flights):
    """Return what is known about flights at departure, as the model sees it."""
    return features.build_features(flights.drop(columns=features.KNOWN_TOO_LATE))


def fit(estimator, flights):
    """Return an estimator fitted to these flights."""
    return estimator.fit(inputs(flights), schema.read_target(flights))


def minutes(fitted, flights):
    """Return how late each flight is expected to be."""
    return pd.Series(fitted.predict(inputs(flights)), flights.index)


def error(fitted, flights):
    """Return by how many minutes the expectations are off, as the contract counts."""
    expected = minutes(fitted, flights).to_frame()
    return metrics.score(schema.read_target(flights), expected)["rmse"]


@pytest.fixture(scope="module")
def arrived(sample):
    """Return flights of which we know how late they were."""
    return sample[schema.read_target(sample).notna()]


@pytest.fixture(scope="module")
def fitted(arrived, params):
    """Return the model of params.yaml, fitted to the sample."""
    return fit(model.build_model(params), arrived)


def test_delays_are_minutes_and_early_is_negative():
    delays = pd.DataFrame({"arr_delay": [-20.0, 0.0, 16.0]})

    assert schema.read_target(delays).tolist() == [-20.0, 0.0, 16.0]


def test_it_beats_the_mean_on_later_flights(arrived, params):
    earlier, later = data.split(arrived, 0.2)
    found = error(fit(model.build_model(params), earlier), later)

    assert found < error(fit(model.build_baselines()["mean"], earlier), later)


def test_evenings_are_later_than_mornings(fitted, arrived):
    morning = minutes(fitted, arrived.assign(sched_dep_time=700, sched_arr_time=900))
    evening = minutes(fitted, arrived.assign(sched_dep_time=1900, sched_arr_time=2100))

    assert evening.mean() > morning.mean() + 5


def test_flight_number_and_registration_do_not_matter(fitted, arrived):
    other = arrived.assign(flight=1, tailnum="N00000")

    pd.testing.assert_series_equal(minutes(fitted, other), minutes(fitted, arrived))


def test_an_airline_that_is_new_counts_as_unknown(fitted, arrived):
    new, unknown = arrived.assign(carrier="ZZ"), arrived.assign(carrier="??")

    pd.testing.assert_series_equal(minutes(fitted, new), minutes(fitted, unknown))


def test_the_same_seed_gives_the_same_answer(fitted, arrived, params):
    again = fit(model.build_model(params), arrived)

    pd.testing.assert_series_equal(minutes(again, arrived), minutes(fitted, arrived))


def test_it_can_learn_a_few_flights_by_heart(arrived):
    few = arrived.head(60)
    free = model.Params(learning_rate=0.3, min_samples_leaf=1, l2_regularization=0)

    assert error(fit(model.build_model(free), few), few) < 0.1 * schema.read_target(few).std()
