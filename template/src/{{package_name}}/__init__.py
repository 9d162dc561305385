"""Late or on time? The package: schema, data, features, model, metrics and the service."""
