"""Studies of an evaluation found again in the store: by their UID, or by the SHA-256 of an object of theirs."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from wetread.store.tables import instances, studies

MOST = 500
"""So many UIDs and so many hashes may be looked for at once."""


def ids_by_uid(connection: Connection, study_uids: Collection[str]) -> Mapping[str, str]:
    """The study ids of these UIDs, as far as the store has them.

    Raises: ValueError for more than `MOST`.
    """
    _check(study_uids)
    look = select(studies.c.study_uid, studies.c.study_id).where(studies.c.study_uid.in_(study_uids))
    return {row.study_uid: row.study_id for row in connection.execute(look)}


def ids_by_blob(connection: Connection, sha256s: Collection[str]) -> Mapping[str, str]:
    """The study ids of objects with these hashes, as far as the store has them; of two the one that came last.

    Raises: ValueError for more than `MOST`.
    """
    _check(sha256s)
    look = (
        select(instances.c.blob, instances.c.study_id)
        .where(instances.c.blob.in_(sha256s))
        .order_by(instances.c.instance_id)
    )
    return {row.blob: row.study_id for row in connection.execute(look)}


def _check(asked: Collection[str]) -> None:
    if len(asked) > MOST:
        raise ValueError(f"{len(asked)} at once; {MOST} are the most")
