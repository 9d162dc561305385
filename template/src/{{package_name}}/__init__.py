"""Yours: schema, data, features, model, metrics and service; `_mlops` is the template's."""
