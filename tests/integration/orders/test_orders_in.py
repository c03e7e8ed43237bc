"""Messages take effect in the store: once, safely, and on the studies that they are of."""

from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from ordering import adt, message, order

from wetread.domain.order import OrderPriority
from wetread.errors import Conflict, StoreUnavailable
from wetread.store.flow import order_of, patient_class_of
from wetread.store.orders import request_of
from wetread.store.tables import orders
from wetread.worklist.matching_rows import match_by_hand, match_due, part_by_hand, settle_study


def test_an_order_raises_the_study_that_waits(ris):
    study = ris.study(accession_number="A1", status="queued")
    before = ris.row(study)
    assert ris.told(order(accession="A1", priority="S", where="E", reason="^stroke?")) == "AA"
    after = ris.row(study)
    assert (ris.order["state"], ris.order["study_id"], ris.order["why"]) == (
        "matched",
        study,
        "by its accession number",
    )
    assert (after["order_priority"], after["patient_class"], after["indication"]) == ("stat", "emergency", "stroke?")
    assert after["deadline"] < before["deadline"]
    assert after["generation"] == before["generation"] + 1
    assert "order matched: by its accession number" in ris.lines(study)


def test_what_the_reader_and_the_destinations_are_given_is_the_matched_order(ris):
    study = ris.study(accession_number="A1")
    ris.told(order("P7", accession="A1", priority="S", where="I", reason="^stroke?"))
    row = ris.row(study)
    assert order_of(ris.database, row).clinical_question == "stroke?"
    assert order_of(ris.database, row).priority is OrderPriority.STAT
    assert patient_class_of(ris.database, row) == "inpatient"
    with ris.database.read() as connection:
        request = request_of(connection, row)
    assert (request.placer_number, request.accession_number) == ("P7", "A1")
    assert (request.procedure.text, request.procedure.code) == ("CT head", "CT")


def test_a_study_without_an_order_has_none(ris):
    row = ris.row(ris.study())
    assert order_of(ris.database, row).priority is None
    assert patient_class_of(ris.database, row) is None
    with ris.database.read() as connection:
        assert request_of(connection, row) is None


def test_the_same_message_again_is_accepted_and_done_once(ris):
    study = ris.study(accession_number="A1")
    assert [ris.told(order(accession="A1", priority="S")) for _ in range(3)] == ["AA"] * 3
    assert len(ris.messages) == 1
    assert len(ris.lines(study)) == 1


def test_an_order_that_came_before_its_study_is_matched_when_that_comes(ris):
    assert ris.told(order(accession="A1", priority="S", where="E")) == "AA"
    assert (ris.order["state"], ris.order["why"]) == ("open", "no study of it has come")
    study = ris.study(accession_number="A1")
    assert settle_study(ris.database, ris.row(study), ris.ground, now=ris.clock.now())
    assert ris.order["study_id"] == study
    assert ris.row(study)["order_priority"] == "stat"
    assert not settle_study(ris.database, ris.row(study), ris.ground, now=ris.clock.now())


def test_the_chore_finds_what_came_since_an_order_was_looked_at_and_then_rests(ris):
    ris.told(order(accession="A1"))
    assert match_due(ris.database, ris.ground, now=ris.clock.now()) == 0
    ris.study(accession_number="A1")
    ris.clock.turn(seconds=1)
    assert match_due(ris.database, ris.ground, now=ris.clock.now()) == 1
    assert ris.order["state"] == "matched"
    assert match_due(ris.database, ris.ground, now=ris.clock.now()) == 0


def test_another_patients_study_is_never_matched(ris):
    study = ris.study(accession_number="A1", patient_id="99", patient_name="Doe^Bert", patient_birth_date="1980-01-01")
    assert ris.told(order(accession="A1", priority="S")) == "AA"
    assert ris.order["state"] == "conflict"
    assert ris.row(study)["order_priority"] is None
    assert ris.lines(study) == []


def test_two_studies_that_fit_wait_for_a_human_until_one_is_taken(ris):
    ris.study("a")
    ris.study("b", accession_number="A2")
    ris.told(order("P1", control="1"))
    assert ris.order["state"] == "ambiguous"
    ris.told(order("P2", control="2", accession="A2"))
    said = {row["order_id"]: (row["state"], row["study_id"]) for row in ris.rows(orders)}
    assert sorted(said.values()) == [("matched", "a" * 32), ("matched", "b" * 32)]


def test_a_change_raises_and_a_later_lower_priority_lowers_nothing(ris):
    study = ris.study(accession_number="A1", status="queued")
    ris.told(order(accession="A1", priority="R", control="1"))
    slow = ris.row(study)["deadline"]
    ris.told(order(accession="A1", priority="S", do="XO", control="2"))
    fast = ris.row(study)["deadline"]
    assert fast < slow
    ris.told(order(accession="A1", priority="R", do="XO", control="3"))
    assert ris.row(study)["deadline"] == fast
    assert len(ris.rows(orders)) == 1


def test_a_status_change_forgets_nothing_that_it_does_not_say(ris):
    study = ris.study(accession_number="A1")
    ris.told(order(accession="A1", priority="S", reason="^stroke?", control="1"))
    ris.told(message("ORM^O01", "PID|||77", "ORC|SC|P1|||IP", control="2"))
    assert ris.order["study_id"] == study
    told = order_of(ris.database, ris.row(study))
    assert (told.priority, told.clinical_question) == (OrderPriority.STAT, "stroke?")


def test_an_order_that_moves_to_another_accession_number_is_looked_for_anew(ris):
    one, two = ris.study("a", accession_number="A1"), ris.study("b", accession_number="A2")
    ris.told(order(accession="A1", control="1"))
    ris.told(order(accession="A2", do="XO", control="2"))
    assert ris.order["study_id"] == two
    assert any("looked for anew" in line for line in ris.lines(one))


def test_a_cancelled_order_stays_cancelled_until_it_is_ordered_anew(ris):
    study = ris.study(accession_number="A1")
    ris.told(order(accession="A1", control="1", reason="^stroke?"))
    ris.told(order(accession="A1", do="CA", control="2"))
    assert ris.order["state"] == "cancelled"
    assert order_of(ris.database, ris.row(study)).clinical_question is None
    ris.told(order(accession="A1", do="XO", control="3"))
    assert ris.order["state"] == "cancelled"
    ris.told(order(accession="A1", do="NW", control="4"))
    assert (ris.order["state"], ris.order["study_id"]) == ("matched", study)


def test_a_cancellation_that_names_no_steps_cancels_every_study_of_the_order(ris):
    steps = ("PID|||77", "ORC|NW|P1", "IPC|A1|R1|1.2.3||CT", "IPC|A1|R2|1.2.4||CT")
    ris.told(message("OMI^O23", *steps, control="1"))
    ris.told(message("OMI^O23", "PID|||77", "ORC|CA|P1", "OBR|1|P1||||||||||||||||A1", control="2"))
    assert [row["state"] for row in ris.rows(orders)] == ["cancelled", "cancelled"]


def test_a_study_of_several_orders_stands_as_the_most_urgent_asks(ris):
    study = ris.study(accession_number="A1")
    ris.told(order("P1", accession="A1", priority="S", control="1"))
    ris.told(order("P2", accession="A1", priority="R", reason="^follow-up", control="2"))
    told = order_of(ris.database, ris.row(study))
    assert (told.priority, told.clinical_question) == (OrderPriority.STAT, "follow-up")


def test_a_reported_study_is_raised_too_and_a_signed_one_is_left_alone(ris):
    done = ris.study("a", accession_number="A1", status="signed", open=False)
    failed = ris.study("b", accession_number="A2", status="failed", problem="it broke")
    ris.told(order("P1", accession="A1", priority="S", control="1"))
    ris.told(order("P2", accession="A2", priority="S", control="2"))
    assert ris.row(done)["order_priority"] is None
    assert {row["state"] for row in ris.rows(orders)} == {"matched"}
    assert ris.row(failed)["order_priority"] == "stat"
    assert ris.row(failed)["priority"] == "UNREAD"


def test_what_a_human_decided_nothing_undoes(ris):
    one, two = ris.study("a"), ris.study("b", accession_number="A1")
    ris.told(order(accession="A1", control="1"))
    order_id = ris.order["order_id"]
    with ris.database.write() as connection:
        part_by_hand(connection, order_id, by="Dr. A", now=ris.clock.now())
    ris.told(order(accession="A1", do="XO", control="2"))
    assert (ris.order["state"], ris.order["study_id"]) == ("open", None)
    with ris.database.write() as connection:
        match_by_hand(connection, order_id, one, ris.ground, by="Dr. A", now=ris.clock.now())
    ris.told(order(accession="A1", do="XO", priority="S", control="3"))
    assert (ris.order["study_id"], ris.row(one)["order_priority"]) == (one, "stat")
    assert ris.row(two)["order_priority"] is None


def test_a_cancelled_or_unmatched_order_can_not_be_parted(ris):
    ris.told(order(do="CA"))
    order_id, study, now = ris.order["order_id"], ris.study(), ris.clock.now()
    with ris.database.write() as connection, pytest.raises(Conflict):
        part_by_hand(connection, order_id, by="A", now=now)
    with ris.database.write() as connection, pytest.raises(Conflict):
        match_by_hand(connection, order_id, study, ris.ground, by="A", now=now)


@pytest.mark.parametrize(
    ("data", "code", "state", "problem"),
    [
        (message("ADT^A08", "EVN|A08"), "AA", "problem", "it has no PID segment"),
        (message("ORM^O01", "PID|||77", "ORC|NW"), "AA", "problem", "has no number"),
        (message("ORU^R01", "PID|||77"), "AR", "ignored", "we take no ORU^R01"),
        (message("SIU^S12"), "AR", "ignored", "we take no SIU^S12"),
        (message("ADT^A08").replace(b"2.5.1", b"3.0"), "AR", "problem", "no version 2"),
        (b"this is no message", "AR", "problem", "does not begin with MSH"),
        (message("ADT^A08", "PID|||77||M\xfcller").decode().encode("latin-1"), "AR", "problem", "no text of its char"),
        (bytes(range(256)) * 4, "AR", "problem", "MSH"),
    ],
)
def test_what_can_not_be_taken_is_kept_for_a_human_with_its_reason(ris, data, code, state, problem):
    assert ris.told(data) == code
    (row,) = ris.messages
    assert (row["state"], bytes(row["body"])) == (state, data)
    assert problem in row["problem"]
    assert ris.rows(orders) == []
    assert ris.told(data) == code
    assert len(ris.messages) == 1


def test_a_problem_leaves_no_half_of_its_message_behind(ris):
    data = message("ORM^O01", "PID|||77", "ORC|NW|P1", "ORC|NW")
    assert ris.told(data) == "AA"
    assert ris.rows(orders) == []
    assert ris.messages[0]["state"] == "problem"


def test_a_problem_that_was_mended_is_done_by_one_command_as_of_when_it_came(ris):
    latin = order(accession="A1", name="M\xfcller^Anna", control="1").decode().replace("UNICODE UTF-8", "")
    ris.told(latin.encode("latin-1"))
    (row,) = ris.messages
    assert row["state"] == "problem"
    ris.told(order(accession="A1", name="Newer^Anna", control="2"))
    mended = ris.opened(encoding="latin-1")
    assert mended.again(row["message_id"]) is None
    assert ris.order["patient_name"] == "Newer^Anna"
    with pytest.raises(Conflict):
        mended.again(row["message_id"])


def test_a_sender_that_is_not_allowed_is_refused_and_nothing_of_it_is_kept(ris):
    ris.taking = ris.opened(allowed_senders=("EPIC",))
    assert ris.told(order()) == "AR"
    assert ris.told(b"nonsense") == "AR"
    assert ris.messages == []


def test_while_the_store_does_not_answer_the_sender_is_told_to_send_again(ris, monkeypatch):
    @contextmanager
    def gone():
        raise StoreUnavailable("the database does not answer")
        yield

    with monkeypatch.context() as broken:
        broken.setattr(ris.database, "write", gone)
        assert ris.told(order()) == "AE"
    assert ris.told(order()) == "AA"
    assert ris.order["state"] == "open"


def test_nothing_of_a_patient_stands_in_traces_feeds_or_problems(ris, caplog):
    caplog.set_level("DEBUG")
    study = ris.study(accession_number="SECRETACC", patient_id="SECRETPID", patient_name="Secretname^A")
    ris.told(order(accession="SECRETACC", patient="SECRETPID", name="Secretname^A", control="1"))
    ris.told(order("P2", accession="SECRETACC", patient="OTHER", name="Else^B", birth="19000101", control="2"))
    ris.told(adt("A08", "PID|||SECRETPID||Secretname^Corrected||19600101", control="3"))
    said = " ".join((*ris.lines(study), *(row["why"] or "" for row in ris.rows(orders)), caplog.text)).upper()
    assert "SECRET" not in said


def test_scheduled_times_bound_what_is_matched_by_patient_and_modality(ris):
    now: datetime = ris.clock.now()
    ris.study("a")
    ris.told(order("P1", at=f"{now + timedelta(days=20):%Y%m%d%H%M%S}+0000", control="1"))
    assert ris.order["state"] == "open"
    ris.told(order("P1", do="XO", at=f"{now + timedelta(hours=2):%Y%m%d%H%M%S}+0000", control="2"))
    assert ris.order["state"] == "matched"
    assert ris.order["why"] == "by patient, modality CT and time"
