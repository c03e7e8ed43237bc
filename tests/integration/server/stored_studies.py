"""Studies that really lie in the store of a house: put into its spool as an upload, taken in as the service does."""

from pathlib import Path

from wetread.domain.arrival import Way
from wetread.store.arriving import arrival_of
from wetread.wiring.sources import DEMO
from wetread.wiring.working import open_ingest

FILM, SLICE, PICTURE = DEMO / "film-00003940.dcm", DEMO / "CT_small.dcm", DEMO / "film-00000211.jpg"


def taken_in(house, *files: Path | bytes) -> list[str]:
    """The files' study ids, once they were placed."""
    sheaf = house.spool.open(Way.UPLOAD)
    for file in files:
        sheaf.add(file if isinstance(file, bytes) else file.read_bytes())
    sheaf.close()
    return all_taken_in(house, sheaf.arrival.arrival_id)


def all_taken_in(house, arrival_id: str) -> list[str]:
    """Everything that lies in the spool is placed; the study ids of one arrival."""
    with open_ingest(house.service) as ingest:
        ingest.step()
    with house.database.read() as connection:
        known = arrival_of(connection, arrival_id)
    assert known is not None
    assert not known.problems
    return list(known.study_ids)
