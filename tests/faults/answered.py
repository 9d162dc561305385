"""Runs in a generated repo: writes down so many calls with names that begin so, as a service."""

import sys

from late_flights import data, features, schema
from late_flights._mlops import paths
from late_flights._mlops.data import tables
from late_flights._mlops.serving.added.log_predictions import PredictionLog
from late_flights._mlops.serving.champion import Champion

count, name = sys.argv[1:]
champion, heard = Champion(schema, features), []
champion.load_or_raise()
champion.on_answer.append(heard.append)
log = PredictionLog(champion)
log.open()
rows = tables.known_rows(tables.read(paths.SAMPLE, schema, data), schema)
for number, row in enumerate(tables.as_records(rows.head(int(count)))):
    champion.answer([row], f"{name}{number}")
    log.write({"status": 200, "id": f"{name}{number}", "ms": 1.0}, heard.pop())
