"""What the model has learned about flights, and what it has not."""

import numpy as np
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
    """Return the expected delay of each flight."""
    return pd.DataFrame({"minutes": fitted.predict(inputs(flights))}, flights.index)


def rmse(fitted, flights):
    """Return by how many minutes the expected delays are wrong."""
    return metrics.score(schema.read_target(flights), minutes(fitted, flights))["rmse"]


@pytest.fixture(scope="module")
def arrived(sample):
    """Return flights of which we know how late they were."""
    return sample[schema.read_target(sample).notna()]


@pytest.fixture(scope="module")
def fitted(arrived, params):
    """Return the model of params.yaml, fitted to the sample."""
    return fit(model.build_model(params), arrived)


def test_it_beats_both_baselines_on_later_flights(arrived, params):
    earlier, later = data.split(arrived, 0.2)
    found = rmse(fit(model.build_model(params), earlier), later)

    for name, baseline in model.build_baselines().items():
        assert found < rmse(fit(baseline, earlier), later), name


def test_evenings_are_later_than_mornings(fitted, arrived):
    morning = minutes(fitted, arrived.assign(sched_dep_time=700, sched_arr_time=900))
    evening = minutes(fitted, arrived.assign(sched_dep_time=1900, sched_arr_time=2100))

    assert evening["minutes"].mean() > morning["minutes"].mean() + 5


def test_flight_number_and_registration_do_not_matter(fitted, arrived):
    other = arrived.assign(flight=1, tailnum="N00000")

    pd.testing.assert_frame_equal(minutes(fitted, other), minutes(fitted, arrived))


def test_an_airline_that_is_new_counts_as_unknown(fitted, arrived):
    new, unknown = arrived.assign(carrier="ZZ"), arrived.assign(carrier="??")

    pd.testing.assert_frame_equal(minutes(fitted, new), minutes(fitted, unknown))


def test_the_same_seed_gives_the_same_answer(fitted, arrived, params):
    again = fit(model.build_model(params), arrived)

    pd.testing.assert_frame_equal(minutes(again, arrived), minutes(fitted, arrived))


def test_it_can_learn_a_few_flights_by_heart(arrived):
    few = arrived.head(60)
    free = model.Params(learning_rate=0.3, min_samples_leaf=1, l2_regularization=0)

    assert rmse(fit(model.build_model(free), few), few) < 0.1 * np.std(few["arr_delay"])
