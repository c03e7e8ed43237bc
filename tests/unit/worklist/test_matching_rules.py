"""Which study an order is of: certain, or left to a human."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from wetread.domain.ordered import OrderState
from wetread.domain.study import Patient
from wetread.settings import MatchingSettings
from wetread.worklist.matching import Came, Wanted, contradicts, match

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA = Patient(patient_id="77", name="Müller^Anna", birth_date="1961-02-03", sex="F")
BERT = Patient(patient_id="88", name="Doe^Bert", birth_date="1980-01-01", sex="M")
RULES = MatchingSettings()


def wanted(order_id="o", patient=ANNA, **more):
    return Wanted(order_id=order_id, patient=patient, **({"expected_at": NOON} | more))


def came(study_id="s", patient=ANNA, **more):
    usual = {"arrived_at": NOON, "modalities": frozenset({"CT"})}
    return Came(study_id=study_id, patient=patient, **(usual | more))


def said(orders, studies):
    return {name: (one.state, one.study_id) for name, one in match(orders, studies, RULES).items()}


def test_the_study_uid_finds_its_study():
    orders, studies = [wanted(study_uid="1.2")], [came("a", study_uid="1.3"), came("b", study_uid="1.2")]
    assert said(orders, studies) == {"o": (OrderState.MATCHED, "b")}


def test_the_accession_number_finds_its_study_whenever_it_came():
    studies = [came(accession_number="A1", arrived_at=NOON + 900 * HOUR)]
    assert said([wanted(accession_number="A1")], studies) == {"o": (OrderState.MATCHED, "s")}


@pytest.mark.parametrize("name", ["study_uid", "accession_number"])
def test_an_identifier_of_another_patients_study_is_a_conflict_and_never_a_match(name):
    found = match([wanted(**{name: "1.2"})], [came(patient=BERT, **{name: "1.2"})], RULES)["o"]
    assert (found.state, found.study_id) == (OrderState.CONFLICT, None)
    assert "another patient" in found.why


def test_a_conflict_is_not_passed_over_for_a_study_that_fits_by_time():
    studies = [came("theirs", patient=BERT, accession_number="A1"), came("fits")]
    assert said([wanted(accession_number="A1", modality="CT")], studies) == {"o": (OrderState.CONFLICT, None)}


def test_two_studies_with_one_accession_number_are_told_apart_by_modality_only():
    two = [came("ct", accession_number="A1"), came("mr", accession_number="A1", modalities=frozenset({"MR"}))]
    assert said([wanted(accession_number="A1", modality="MR")], two) == {"o": (OrderState.MATCHED, "mr")}
    assert said([wanted(accession_number="A1")], two) == {"o": (OrderState.AMBIGUOUS, None)}


def test_patient_modality_and_time_match_one_to_one():
    assert said([wanted(modality="CT")], [came()]) == {"o": (OrderState.MATCHED, "s")}


@pytest.mark.parametrize(
    ("order", "study"),
    [
        ({"modality": None}, {}),
        ({"modality": "MR"}, {}),
        ({"patient": BERT}, {}),
        ({"patient": Patient(name="Müller^Anna", birth_date="1961-02-03")}, {}),
        ({"expected_at": NOON + 13 * HOUR}, {}),
        ({"expected_at": NOON - 49 * HOUR}, {}),
        ({"accession_number": "A1"}, {"accession_number": "A2"}),
        ({"study_uid": "1.2"}, {"study_uid": "1.3"}),
        ({}, {"study_date": "2020-01-01"}),
        ({}, {"taken": True}),
        ({}, {"patient": Patient(patient_id="77", birth_date="1999-09-09")}),
    ],
)
def test_what_speaks_against_it_leaves_an_order_open(order, study):
    assert said([wanted(**({"modality": "CT"} | order))], [came(**study)]) == {"o": (OrderState.OPEN, None)}


def test_two_studies_that_fit_are_for_a_human():
    assert said([wanted(modality="CT")], [came("a"), came("b")]) == {"o": (OrderState.AMBIGUOUS, None)}


def test_two_orders_that_fit_one_study_are_for_a_human():
    both = said([wanted("o1", modality="CT"), wanted("o2", modality="CT")], [came()])
    assert both == {"o1": (OrderState.AMBIGUOUS, None), "o2": (OrderState.AMBIGUOUS, None)}


def test_a_study_that_an_identifier_took_is_no_candidate_any_more():
    orders = [wanted("sure", accession_number="A1", modality="CT"), wanted("late", modality="CT")]
    studies = [came("a", accession_number="A1"), came("b")]
    assert said(orders, studies) == {"sure": (OrderState.MATCHED, "a"), "late": (OrderState.MATCHED, "b")}


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_lists_changes_nothing(seed):
    shuffled = random.Random(seed)
    orders = [wanted(f"o{n}", modality="CT", accession_number=f"A{n}" if n % 2 else None) for n in range(5)]
    studies = [came(f"s{n}", accession_number=f"A{n}" if n != 2 else None) for n in range(4)]
    plain = said(orders, studies)
    shuffled.shuffle(orders)
    shuffled.shuffle(studies)
    assert said(orders, studies) == plain
    given = [study_id for _, study_id in plain.values() if study_id]
    assert len(given) == len(set(given))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (ANNA, ANNA, False),
        (ANNA, BERT, True),
        (ANNA, Patient(patient_id="77", name="Smith^Anna", birth_date="1961-02-03"), False),
        (ANNA, Patient(patient_id="77", name="Doe^Bert", birth_date="1980-01-01"), True),
        (ANNA, Patient(patient_id="X", name="MULLER^ANNA", birth_date="1961-02-03"), False),
        (ANNA, Patient(patient_id="X", name="Müller^Anna"), True),
        (ANNA, Patient(name="Müller^Anna"), False),
        (ANNA, Patient(birth_date="1999-01-01"), True),
        (ANNA, Patient(), False),
        (Patient(), Patient(), False),
    ],
)
def test_when_two_records_can_not_be_of_one_person(one, other, expected):
    assert contradicts(one, other) is expected
    assert contradicts(other, one) is expected
