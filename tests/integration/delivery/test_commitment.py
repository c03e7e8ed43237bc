"""Storage commitment end to end: asked with a delivery, answered on the spot or to our listener, kept in the store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context
from sqlalchemy import insert, select

from archive_peers import (
    COMMITMENT,
    WELL_KNOWN,
    Archive,
    calling,
    commitment_told,
    delivered,
    demo_objects,
    demo_report,
    listening,
    listening_process,
    node,
    says,
    until,
)
from orthanc import running_orthanc
from stored import NOON, put_study
from wetread.delivery.made import uid_of
from wetread.delivery.network import commitment
from wetread.delivery.network.call import Call
from wetread.domain.report import Commitment, Report
from wetread.errors import DeliveryFailed
from wetread.intake.commitments import waiting
from wetread.store.commitments import LATE, ask, commitments_of
from wetread.store.deliveries import Outcome, begin_delivery, end_delivery, promise, withdraw
from wetread.store.jobs import jobs_of, retry
from wetread.store.records import to_record
from wetread.store.tables import deliveries, reports, trace
from wetread.worklist.committing import Committing

SECOND = timedelta(seconds=1)
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def failure(destination):
    with pytest.raises(DeliveryFailed) as caught:
        delivered(destination)
    return caught.value


@pytest.fixture
def no_patience(monkeypatch):
    """The answer on the same association is hardly waited for."""
    monkeypatch.setattr(commitment, "ANSWER_WITHIN_S", 0.5)


class Turned:
    """A clock that stands."""

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


@pytest.fixture
def given(database):
    """The demo report, delivered to `pacs` at noon; nothing asked yet."""
    report = demo_report()
    put_study(database, "s1")
    row = {"version": 1, "status": "preliminary", "priority": "P3", "body": to_record(Report, report), "at": NOON}
    with database.write() as connection:
        connection.execute(insert(reports).values(report_id=report.report_id, study_id="s1", **row))
        promise(connection, report.report_id, "s1", ("pacs",), now=NOON)
    deliver_again(database, 1)
    return database


def deliver_again(database, attempt, told=None):
    """The try of that number, with a receipt as the destination gives it."""
    report_id = demo_report().report_id
    sending = begin_delivery(database, report_id, "pacs", attempt, executor="here", now=NOON)
    with Archive(commits=True, accepts_action=0).open() as archive:
        receipt = delivered(node(archive.port))
    assert end_delivery(database, sending, Outcome(receipt=receipt), now=NOON)
    if told is not None:
        with database.write() as connection:
            ask(connection, report_id, "pacs", told, now=NOON)


def asked(database, **own):
    told = Commitment(transaction_uid="1.2.3", objects=2, wait_s=60.0, **own)
    with database.write() as connection:
        ask(connection, demo_report().report_id, "pacs", told, now=NOON)


def state_of(database):
    """Of the commitment, of the delivery, and of its job."""
    report_id = demo_report().report_id
    with database.read() as connection:
        promised = commitments_of(connection, report_id)
        mine = select(deliveries.c.state).where(deliveries.c.report_id == report_id)
        delivery = connection.execute(mine).scalar_one()
    jobs = {job["job_id"]: job["state"] for job in jobs_of(database)}
    return promised[0]["state"] if promised else None, delivery, jobs[max(jobs)]


def lines_of(database):
    with database.read() as connection:
        look = select(trace.c.kind, trace.c.text).order_by(trace.c.trace_id)
        return [tuple(row) for row in connection.execute(look)]


def reported(folder, transaction="1.2.3", *, kept=2, failed=0, reason=0x0112):
    """An archive's report, told to our listener."""
    told = Dataset()
    told.TransactionUID, told.ReferencedSOPSequence = transaction, []
    for number in range(kept + failed):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{number}"
        told.ReferencedSOPSequence.append(item)
    with listening(folder) as port, calling(port) as association:
        assert says(commitment_told(told, failed=failed, reason=reason), association) == 0x0000


def test_the_answer_on_the_same_association_is_in_the_receipt():
    answers = []

    def keep(association, asked):
        answers.append(says(commitment_told(asked), association))

    with Archive(commits=True, on_action=keep).open() as archive:
        receipt = delivered(node(archive.port, commitment=True, commitment_wait_s=120))
    transaction = uid_of("commitment", demo_report().report_id, "pacs")
    assert receipt.commitment == Commitment(transaction_uid=transaction, objects=2, wait_s=120, is_given=True)
    assert until(lambda: answers) == [0x0000]
    asked = archive.asked[0]
    assert asked.TransactionUID == transaction
    assert {one.ReferencedSOPInstanceUID for one in asked.ReferencedSOPSequence} == {
        one.sop_instance_uid for one in demo_objects(("sr", "ko"))
    }


@pytest.mark.parametrize(("reason", "again"), [(0x0110, True), (0x0213, True), (0x0122, False), (0x0112, False)])
def test_an_archive_that_will_not_keep_an_object_fails_the_delivery_at_once(reason, again):
    def refuse(association, asked):
        says(commitment_told(asked, failed=1, reason=reason), association)

    with Archive(commits=True, on_action=refuse).open() as archive:
        problem = failure(node(archive.port, commitment=True))
    assert problem.retry is again
    assert "does not commit to 1 of 2 objects" in str(problem)


def test_a_report_of_another_transaction_is_not_taken_for_ours(no_patience):
    answers = []

    def other(association, asked):
        asked.TransactionUID = "1.2.3.4"
        answers.append(says(commitment_told(asked), association))

    with Archive(commits=True, on_action=other).open() as archive:
        receipt = delivered(node(archive.port, commitment=True))
    assert (receipt.commitment.is_given, answers) == (False, [0x0110])


@pytest.mark.parametrize(("status", "again"), [(0x0213, True), (0x0124, False), (0x0123, False)])
def test_an_archive_that_does_not_want_the_question_is_told_of(status, again):
    with Archive(commits=True, accepts_action=status).open() as archive:
        problem = failure(node(archive.port, commitment=True))
    assert problem.retry is again
    assert len(archive.got) == 2


def test_an_archive_that_knows_no_commitment_is_sent_nothing_where_it_is_wanted():
    with Archive().open() as archive:
        problem = failure(node(archive.port, commitment=True))
        assert delivered(node(archive.port)).commitment is None
    assert problem.retry is False
    assert "Storage Commitment Push Model" in str(problem)
    assert len(archive.got) == 2


@pytest.mark.parametrize("roles", [True, False])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_our_listener_takes_a_report_whatever_role_and_syntax_its_sender_selects(tmp_path, roles, syntax):
    told = Dataset()
    told.TransactionUID, told.ReferencedSOPSequence = "1.2.3", [Dataset(), Dataset()]
    for number, item in enumerate(told.ReferencedSOPSequence):
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{number}"
    with listening(tmp_path) as port:
        with calling(port, roles=roles, syntaxes=(syntax,)) as association:
            assert says(told, association) == 0x0000
            assert says(commitment_told(told, failed=1), association) == 0x0000
            assert says(told, association) == 0x0000
        kept = [one for _, one in waiting(tmp_path / "events")]
    assert sorted((one.transaction_uid, one.kept, one.failed, one.peer) for one in kept) == [
        ("1.2.3", ("1.2.3.0", "1.2.3.1"), (), "ARCHIVE"),
        ("1.2.3", ("1.2.3.1",), (("1.2.3.0", 0x0112),), "ARCHIVE"),
    ]
    assert not list((tmp_path / "spool").glob("*/*.dcm"))


def test_a_report_is_only_taken_in_a_syntax_that_is_read(tmp_path):
    ae = AE("ARCHIVE")
    with listening(tmp_path) as port:
        association = ae.associate("127.0.0.1", port, [build_context(COMMITMENT, "1.2.840.10008.1.2.1.99")])
        assert not association.is_established


def test_reports_that_say_nothing_are_refused_and_leave_nothing(tmp_path):
    nothing, nowhere = Dataset(), Dataset()
    nothing.PatientID, nowhere.TransactionUID = "x", "not a uid"
    with listening(tmp_path) as port, calling(port) as association:
        for told in (nothing, nowhere):
            status, _ = association.send_n_event_report(told, 1, COMMITMENT, WELL_KNOWN)
            assert status.Status == 0x0115
        nowhere.TransactionUID = "1.2.3"
        assert association.send_n_event_report(nowhere, 9, COMMITMENT, WELL_KNOWN)[0].Status == 0x0113
        assert association.send_n_event_report(None, 1, COMMITMENT, WELL_KNOWN)[0].Status == 0x0211
        nowhere.add_new(0x00091001, "UN", bytes(5 << 20))
        assert association.send_n_event_report(nowhere, 1, COMMITMENT, WELL_KNOWN)[0].Status == 0x0213
    assert list(waiting(tmp_path / "events")) == []


def test_an_answer_that_cannot_be_kept_is_not_acknowledged(tmp_path):
    (tmp_path / "events").write_text("in the way")
    told = Dataset()
    told.TransactionUID, told.ReferencedSOPSequence = "1.2.3", [Dataset()]
    with listening(tmp_path) as port, calling(port) as association:
        assert says(told, association) == 0x0213


@on_sqlite
def test_orthanc_answers_our_listener_process_and_the_store_knows(given, tmp_path, no_patience):
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "orthanc").mkdir()
    clock = Turned(NOON + SECOND)
    with running_orthanc(tmp_path / "orthanc") as orthanc, listening_process(data) as port:
        orthanc.knows("WETREAD", port)
        pacs = node(orthanc.dicom_port, ae_title="ORTHANC", commitment=True)
        receipt = delivered(pacs)
        once = orthanc.instances()
        assert delivered(pacs).reference == receipt.reference
        assert orthanc.instances() == once
        assert set(once) == {one.sop_instance_uid for one in demo_objects(("sr", "ko"))}
        assert until(lambda: list(waiting(data / "events")))
        committing = Committing(database=given, clock=clock, folder=data / "events")
        assert committing.step() == 0  # the answer came before the delivery that asked had ended
        with given.write() as connection:
            ask(connection, demo_report().report_id, "pacs", receipt.commitment, now=NOON)
        assert committing.step() == 1
    assert state_of(given) == ("committed", "delivered", "done")
    assert lines_of(given)[-1] == ("committed", "pacs keeps 2 objects for good")


@on_sqlite
def test_orthanc_that_lost_an_object_makes_the_delivery_a_dead_letter(given, tmp_path, no_patience):
    (tmp_path / "orthanc").mkdir()
    with running_orthanc(tmp_path / "orthanc") as orthanc, listening(tmp_path) as port:
        orthanc.knows("WETREAD", port)
        pacs = node(orthanc.dicom_port, ae_title="ORTHANC", commitment=True)
        made = demo_objects(("sr", "ko"))
        lost = replace(made[0], sop_instance_uid="2.25.1")  # asked for, never sent
        receipt = delivered(replace(pacs, make=lambda _report: made))
        with given.write() as connection:
            ask(connection, demo_report().report_id, "pacs", receipt.commitment, now=NOON)
        assert until(lambda: list(waiting(tmp_path / "events")))
        for path, _ in waiting(tmp_path / "events"):
            path.unlink()
        _ask_only(pacs, (made[1], lost), receipt.commitment.transaction_uid)
        assert until(lambda: list(waiting(tmp_path / "events")))
        Committing(database=given, clock=Turned(NOON + SECOND), folder=tmp_path / "events").step()
    assert state_of(given) == ("failed", "failed", "failed")
    assert "won't keep 1 objects: no such object (0112)" in lines_of(given)[-1][1]


def _ask_only(pacs, objects, transaction):
    call, asking = Call(pacs.peer), commitment.Asking(transaction, objects)
    with call.association([commitment.commitment_context()]) as association:
        asking.ask(association, call)


def test_a_refusal_becomes_a_dead_letter_that_can_be_retried(given, tmp_path):
    asked(given)
    reported(tmp_path, kept=1, failed=1)
    committing = Committing(database=given, clock=Turned(NOON + SECOND), folder=tmp_path / "events")
    assert committing.step() == 1
    assert state_of(given) == ("failed", "failed", "failed")
    assert lines_of(given)[-1][0] == "not_committed"
    job = next(job["job_id"] for job in jobs_of(given, state="failed"))
    retry(given, job, by="anna", now=NOON + SECOND)
    deliver_again(given, 2, Commitment(transaction_uid="1.2.3", objects=2, wait_s=60.0))
    assert state_of(given) == ("asked", "delivered", "done")
    reported(tmp_path)
    committing.step()
    assert state_of(given) == ("committed", "delivered", "done")


def test_an_answer_that_does_not_come_is_late_and_one_that_comes_after_all_settles_it(given, tmp_path):
    asked(given)
    clock = Turned(NOON + 59 * SECOND)
    committing = Committing(database=given, clock=clock, folder=tmp_path / "events")
    committing.step()
    assert state_of(given) == ("asked", "delivered", "done")
    clock.at = NOON + 60 * SECOND
    committing.step()
    assert state_of(given) == (LATE, "failed", "failed")
    assert "did not say whether it keeps" in lines_of(given)[-1][1]
    reported(tmp_path)
    committing.step()
    assert state_of(given) == ("committed", "delivered", "done")


def test_an_answer_about_a_report_that_was_superseded_makes_no_dead_letter(given, tmp_path):
    asked(given)
    with given.write() as connection:
        withdraw(connection, "s1", now=NOON)
        connection.execute(reports.update().values(superseded_at=NOON))
    reported(tmp_path, kept=0, failed=2)
    Committing(database=given, clock=Turned(NOON + SECOND), folder=tmp_path / "events").step()
    assert state_of(given) == ("failed", "delivered", "done")
    assert lines_of(given)[-1][0] == "not_committed"


def test_an_archive_that_confirms_fewer_objects_than_it_was_asked_for_has_not_kept_them(given, tmp_path):
    asked(given)
    reported(tmp_path, kept=1)
    Committing(database=given, clock=Turned(NOON + SECOND), folder=tmp_path / "events").step()
    assert state_of(given) == ("failed", "failed", "failed")
    assert "keeps 1 of 2 objects only" in lines_of(given)[-1][1]


def test_told_twice_changes_nothing_and_asked_twice_waits_for_the_first_answer(given, tmp_path):
    asked(given)
    committing = Committing(database=given, clock=Turned(NOON + SECOND), folder=tmp_path / "events")
    reported(tmp_path, kept=0, failed=2, reason=0x0131)
    assert committing.step() == 1
    assert state_of(given)[0] == "asked"
    for _ in range(2):
        reported(tmp_path)
        committing.step()
    assert state_of(given)[0] == "committed"
    assert [kind for kind, _ in lines_of(given)].count("committed") == 1


def test_an_answer_that_came_at_once_needs_no_other(given, tmp_path):
    asked(given, is_given=True)
    clock = Turned(NOON + timedelta(days=3))
    Committing(database=given, clock=clock, folder=tmp_path / "events").step()
    assert state_of(given) == ("committed", "delivered", "done")


def test_answers_that_nobody_asked_for_or_that_are_damaged_are_dropped_in_the_end(given, tmp_path):
    reported(tmp_path, transaction="1.9.9")
    path, kept = next(iter(waiting(tmp_path / "events")))
    committing = Committing(database=given, clock=Turned(kept.at + timedelta(hours=23)), folder=tmp_path / "events")
    assert committing.step() == 0
    later = Committing(database=given, clock=Turned(kept.at + timedelta(hours=25)), folder=tmp_path / "events")
    (tmp_path / "events" / "broken.json").write_text("{")
    (tmp_path / "events" / "half.part").write_text("{")
    assert later.step() == 2
    assert not path.exists()
    assert not list(waiting(tmp_path / "events"))
