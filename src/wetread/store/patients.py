"""Patients as other systems correct them: demographics, and numbers that became one."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from wetread.domain.study import Patient
from wetread.store.change import change_study, remember
from wetread.store.tables import orders, patients, studies

LONGEST_CHAIN = 100
TOLD = {"name": "name", "birth_date": "date of birth", "sex": "sex"}


def put_patient(connection: Connection, patient: Patient, *, now: datetime, why: str) -> tuple[str, ...]:
    """What a message says of a patient, in the store and on all their studies; the studies that changed.

    What it leaves out stays. A message that is older than what is known changes nothing. `why` goes into the trace.
    """
    assert patient.patient_id is not None
    known = _row(connection, patient.patient_id, locked=True)
    said = {name: value for name in TOLD if (value := getattr(patient, name)) is not None}
    if known is None:
        connection.execute(insert(patients).values(patient_id=patient.patient_id, at=now, **said))
    elif known["at"] <= now:
        mine = patients.c.patient_id == patient.patient_id
        connection.execute(update(patients).where(mine).values(at=now, **said))
    return tuple(
        study_id
        for study_id in _studies_of(connection, canonical(connection, patient.patient_id))
        if correct_study(connection, study_id, now=now, why=why)
    )


def merge(connection: Connection, *, survivor: str, gone: str, now: datetime, why: str) -> tuple[str, ...]:
    """Whatever is filed under `gone` is the patient `survivor`; the studies that changed.

    The newest word counts: a merge that turns an earlier one round makes `survivor` stand for itself again.
    """
    for patient_id in sorted((survivor, gone)):  # one order for all
        row = _row(connection, patient_id, locked=True)
        if row is None:
            connection.execute(insert(patients).values(patient_id=patient_id, at=now))
        elif patient_id == gone and row["merged_into"] is not None and row["at"] > now:
            return ()  # an older word than what is known
    if gone in _chain(connection, survivor):
        connection.execute(update(patients).where(patients.c.patient_id == survivor).values(merged_into=None))
    connection.execute(update(patients).where(patients.c.patient_id == gone).values(merged_into=survivor, at=now))
    stands = canonical(connection, survivor)
    connection.execute(update(orders).where(orders.c.patient_id == gone).values(patient_id=stands))
    return tuple(
        study_id for study_id in _studies_of(connection, gone) if correct_study(connection, study_id, now=now, why=why)
    )


def canonical(connection: Connection, patient_id: str) -> str:
    """The number that stands for this one, through all merges; itself where there was none."""
    return _chain(connection, patient_id)[-1]


def corrected(connection: Connection, patient: Patient) -> Patient:
    """The patient as the messages since then say; the same where none did."""
    if patient.patient_id is None:
        return patient
    patient_id = canonical(connection, patient.patient_id)
    row = _row(connection, patient_id)
    if row is None:
        return patient
    return Patient(
        patient_id=patient_id,
        name=row["name"] or patient.name,
        birth_date=row["birth_date"] or patient.birth_date,
        sex=row["sex"] or patient.sex,
        age_years=patient.age_years,
    )


def correct_study(connection: Connection, study_id: str, *, now: datetime, why: str) -> bool:
    """A study's row says what is known of its patient now; whether anything of it changed."""
    columns = (studies.c.version, *(studies.c[f"patient_{name}"] for name in ("id", *TOLD)))
    row = connection.execute(select(*columns).where(studies.c.study_id == study_id).with_for_update()).mappings().one()
    if row["patient_id"] is None:
        return False
    before = Patient(patient_id=row["patient_id"], **{name: row[f"patient_{name}"] for name in TOLD})
    after = corrected(connection, before)
    changed = [name for name in ("patient_id", *TOLD) if getattr(before, name) != getattr(after, name)]
    if not changed:
        return False
    values: dict[str, Any] = {
        name if name == "patient_id" else f"patient_{name}": getattr(after, name) for name in changed
    }
    change_study(connection, study_id, now=now, kind="study.patient", **values)
    told = ", ".join("number" if name == "patient_id" else TOLD[name] for name in changed)
    text = f"patient corrected ({told}): {why}"
    remember(connection, study_id, "patient", text, now=now, version=row["version"])
    return True


def _chain(connection: Connection, patient_id: str) -> list[str]:
    """The number and those it was merged into, one after the other; a ring is left where it closes."""
    chain = [patient_id]
    while len(chain) < LONGEST_CHAIN:
        into = connection.scalar(select(patients.c.merged_into).where(patients.c.patient_id == chain[-1]))
        if into is None or into in chain:
            break
        chain.append(into)
    return chain


def _row(connection: Connection, patient_id: str, *, locked: bool = False) -> RowMapping | None:
    look = select(patients).where(patients.c.patient_id == patient_id)
    return connection.execute(look.with_for_update() if locked else look).mappings().one_or_none()


def _studies_of(connection: Connection, patient_id: str) -> list[str]:
    look = select(studies.c.study_id).where(studies.c.patient_id == patient_id).order_by(studies.c.study_id)
    return list(connection.scalars(look))
