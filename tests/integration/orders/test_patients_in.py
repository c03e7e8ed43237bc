"""Corrections and merges reach studies, orders and later reports; chains end, rings never form."""

from datetime import timedelta

import pytest
from ordering import adt, order

from wetread.domain.study import Patient, Study
from wetread.store.patients import canonical, corrected
from wetread.worklist.completing import corrected_study
from wetread.worklist.matching_rows import settle_study


def merged(new, old, control):
    return adt("A40", f"PID|||{new}", f"MRG|{old}", control=control)


def stands(ris, patient_id):
    with ris.database.read() as connection:
        return canonical(connection, patient_id)


def test_a_correction_is_on_every_study_of_the_patient_with_a_line_that_names_nobody(ris):
    one, other = ris.study("a"), ris.study("b", patient_id="88")
    assert ris.told(adt("A08", "PID|||77||Meier^Anna||19610204|F")) == "AA"
    row = ris.row(one)
    assert (row["patient_name"], row["patient_birth_date"], row["patient_sex"]) == ("Meier^Anna", "1961-02-04", "F")
    assert ris.row(other)["patient_name"] == "Müller^Anna"
    assert ris.lines(one) == ["patient corrected (name, date of birth, sex): ADT^A08"]
    assert row["etag"] == 1


def test_what_a_message_leaves_out_stays(ris):
    study = ris.study()
    ris.told(adt("A08", 'PID|||77||""||'))
    assert ris.row(study)["patient_name"] == "Müller^Anna"
    assert ris.lines(study) == []


def test_a_merge_moves_studies_and_orders_to_the_number_that_stays(ris):
    study = ris.study(patient_id="old", modalities="\\MR\\")
    ris.told(order(patient="old", accession="X", control="1"))
    assert ris.told(merged("new", "old", "2")) == "AA"
    assert ris.row(study)["patient_id"] == "new"
    assert ris.order["patient_id"] == "new"
    assert ris.lines(study) == ["patient corrected (number): two numbers are one patient, ADT^A40"]


def test_an_order_under_the_old_number_finds_the_study_under_the_new_one(ris):
    ris.told(merged("new", "old", "1"))
    study = ris.study(patient_id="new")
    ris.told(order(patient="old", control="2"))
    assert ris.order["study_id"] == study


def test_a_merge_brings_an_order_and_its_study_together(ris):
    study = ris.study(patient_id="new", accession_number="A1", patient_name="X^Y", patient_birth_date=None)
    ris.told(order(patient="old", accession="A1", control="1"))
    assert ris.order["state"] == "conflict"
    ris.told(adt("A40", "PID|||new||Müller^Anna||19610203", "MRG|old", control="2"))
    assert (ris.order["state"], ris.order["study_id"]) == ("matched", study)


def test_chains_of_merges_lead_to_their_end_and_turning_one_round_makes_no_ring(ris):
    study = ris.study(patient_id="1")
    ris.told(merged("2", "1", "a"))
    ris.told(merged("3", "2", "b"))
    assert (stands(ris, "1"), stands(ris, "2"), ris.row(study)["patient_id"]) == ("3", "3", "3")
    ris.told(merged("1", "3", "c"))
    assert {stands(ris, one) for one in "123"} == {"1"}
    assert ris.row(study)["patient_id"] == "1"


def test_a_study_that_comes_later_under_the_old_number_is_the_patients(ris):
    ris.told(adt("A08", "PID|||new||Meier^Anna||19610204|F", control="1"))
    ris.told(merged("new", "old", "2"))
    study = ris.study(patient_id="old")
    assert settle_study(ris.database, ris.row(study), ris.ground, now=ris.clock.now())
    assert (ris.row(study)["patient_id"], ris.row(study)["patient_name"]) == ("new", "Meier^Anna")


def test_later_reports_name_the_patient_as_corrected_and_the_old_names_never_leave(ris):
    ris.told(adt("A40", "PID|||new||Meier^Anna||19610204|F", "MRG|77"))
    patient = Patient(patient_id="77", name="Müller^Anna", birth_date="1961-02-03", age_years=64)
    study = Study(ref="st-1", study_uid="1.2", patient=patient, series=(), identifying=("Müller^Anna", "77"))
    after = corrected_study(ris.database, study)
    assert after.patient == Patient(patient_id="new", name="Meier^Anna", birth_date="1961-02-04", sex="F", age_years=64)
    assert set(after.identifying) == {"Müller^Anna", "77", "new", "Meier^Anna", "1961-02-04"}


def test_nobody_known_is_left_as_they_are(ris):
    with ris.database.read() as connection:
        for patient in (Patient(), Patient(patient_id="nobody", name="A^B")):
            assert corrected(connection, patient) == patient


@pytest.mark.parametrize(("event", "where", "expected"), [("A01", "I", "inpatient"), ("A04", "E", "emergency")])
def test_where_a_patient_is_now_raises_what_of_theirs_waits(ris, event, where, expected):
    study = ris.study(status="queued", patient_class="outpatient", deadline=ris.clock.now() + timedelta(days=30))
    before = ris.row(study)["deadline"]
    ris.told(adt(event, "PID|||77", where=where))
    assert ris.row(study)["patient_class"] == expected
    assert ris.row(study)["deadline"] < before
    raised = ris.row(study)["deadline"]
    ris.told(adt("A03", "PID|||77", where="O", control="z"))
    assert ris.row(study)["deadline"] == raised
