"""What the house holds, asked by DICOM UIDs: so that a source is not asked again for what is here."""

from collections.abc import Sequence

from sqlalchemy import distinct, func, select

from wetread.store.database import Database
from wetread.store.tables import instances, studies

AT_ONCE = 500


class Holdings:
    """Answers from the store. Objects that were removed by retention count as held: their rows stay."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self, sop_uids: Sequence[str]) -> frozenset[str]:
        """Those of the SOP Instance UIDs that are stored.

        Raises: StoreUnavailable.
        """
        found: set[str] = set()
        column = instances.c.sop_instance_uid
        with self._database.read() as connection:
            for start in range(0, len(sop_uids), AT_ONCE):
                asked = select(column).where(column.in_(sop_uids[start : start + AT_ONCE]))
                found.update(connection.execute(asked).scalars())
        return frozenset(found)

    def count(self, study_uid: str) -> int:
        """How many distinct objects of the study are stored.

        Raises: StoreUnavailable.
        """
        number = func.count(distinct(instances.c.sop_instance_uid))
        of_study = select(number).join_from(studies, instances).where(studies.c.study_uid == study_uid)
        with self._database.read() as connection:
            return int(connection.execute(of_study).scalar_one())
