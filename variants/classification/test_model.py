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


def risk(fitted, flights):
    """Return for each flight the probabilities of being on time and late."""
    return pd.DataFrame(fitted.predict_proba(inputs(flights)), flights.index, fitted.classes_)


def auc(fitted, flights):
    """Return how well late flights are separated from others."""
    return metrics.score(schema.read_target(flights), risk(fitted, flights))["roc_auc"]


@pytest.fixture(scope="module")
def arrived(sample):
    """Return flights of which we know whether they were late."""
    return sample[schema.read_target(sample).notna()]


@pytest.fixture(scope="module")
def fitted(arrived, params):
    """Return the model of params.yaml, fitted to the sample."""
    return fit(model.build_model(params), arrived)


def test_more_than_fifteen_minutes_is_late():
    delays = pd.DataFrame({"arr_delay": [-20.0, 15.0, 16.0]})

    assert schema.read_target(delays).tolist() == ["on_time", "on_time", "late"]


def test_it_beats_both_baselines_on_later_flights(arrived, params):
    earlier, later = data.split(arrived, 0.2)
    found = auc(fit(model.build_model(params), earlier), later)

    for name, baseline in model.build_baselines().items():
        assert found > auc(fit(baseline, earlier), later), name


def test_evenings_are_riskier_than_mornings(fitted, arrived):
    morning = risk(fitted, arrived.assign(sched_dep_time=700, sched_arr_time=900))
    evening = risk(fitted, arrived.assign(sched_dep_time=1900, sched_arr_time=2100))

    assert evening["late"].mean() > morning["late"].mean() + 0.1


def test_strong_wind_is_riskier_than_calm(fitted, arrived):
    calm, storm = (risk(fitted, arrived.assign(wind_speed=mph)) for mph in (0.0, 30.0))

    assert storm["late"].mean() > calm["late"].mean()


def test_flight_number_and_registration_do_not_matter(fitted, arrived):
    other = arrived.assign(flight=1, tailnum="N00000")

    pd.testing.assert_frame_equal(risk(fitted, other), risk(fitted, arrived))


def test_an_airline_that_is_new_counts_as_unknown(fitted, arrived):
    new, unknown = arrived.assign(carrier="ZZ"), arrived.assign(carrier="??")

    pd.testing.assert_frame_equal(risk(fitted, new), risk(fitted, unknown))


def test_the_same_seed_gives_the_same_answer(fitted, arrived, params):
    again = fit(model.build_model(params), arrived)

    pd.testing.assert_frame_equal(risk(again, arrived), risk(fitted, arrived))


def test_it_can_learn_a_few_flights_by_heart(arrived):
    few = arrived.head(60)
    free = model.Params(learning_rate=0.3, min_samples_leaf=1, l2_regularization=0)

    assert auc(fit(model.build_model(free), few), few) > 0.99
