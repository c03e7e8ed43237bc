"""Nothing is lost, delivered twice or paid twice, whichever process is killed at whichever moment."""

import os
import sys

from service.kills import under_fire

from databases import both

FULL = os.environ.get("WETREAD_MEASURE") == "full"
KILLS = 100 if FULL else 6


@both
def test_a_service_under_fire_loses_nothing_and_does_nothing_twice(kind, tmp_path, databases):
    database = databases(kind, empty=True) if kind == "postgresql" else None
    outcome = under_fire(tmp_path / "site", kills=KILLS, seed=20261121, database=database)
    sys.stdout.write(outcome.told() + "\n")
    assert outcome.sent > KILLS / 4
    assert not outcome.lost, outcome.told()
    assert not outcome.delivered_twice, outcome.told()
    assert not outcome.paid_twice, outcome.told()
