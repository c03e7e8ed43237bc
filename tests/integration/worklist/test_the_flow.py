"""The life of studies over real processes, on SQLite and PostgreSQL."""

import os
import subprocess
import sys

import pytest
from integration_worklist_processes import PROGRAM, uid_of, until

from wetread.errors import Conflict
from wetread.store.jobs import jobs_of, retry
from wetread.store.tables import trace

MORE = "studies_at_once = 1\nattempts = 3"
RULES = """
[[rule]]
name = "critical by description"
when = { description = "*CODE RED*" }
priority = "P1"
"""


ON = {
    "a_critical_study": "postgresql",
    "a_provider_that_is_gone": "sqlite",
    "a_dead_letter": "sqlite",
    "a_delivery_that_was": "postgresql",
}  # what takes seconds runs on one kind of database; WETREAD_MEASURE=full runs it on both


@pytest.fixture(autouse=True)
def calm(running, request):
    for claim, kind in ON.items():
        if claim in request.node.name and kind != running.kind and os.environ.get("WETREAD_MEASURE") != "full":
            pytest.skip(f"shown on {kind}; WETREAD_MEASURE=full shows it on both")
    running.say()
    yield
    running.say()


@pytest.fixture
def study(running, request):
    """A study of its own, looked at by its UID."""
    return Looking(running, request.node.name[:40])


class Looking:
    def __init__(self, running, name):
        self.running, self.name = running, name

    def send(self, *names, **more):
        return self.running.send(*names, study=self.name, **more)

    @property
    def row(self):
        rows = self.running.studies(study_uid=uid_of(self.name))
        return rows[0] if rows else {"status": "nowhere", "version": 0, "study_id": None, "ref": None}

    def reaches(self, status, version=1, seconds=40):
        def there():
            row = self.row
            return row if row["status"] == status and row["version"] >= version else None

        try:
            return until(there, seconds)
        except AssertionError as late:
            raise AssertionError(f"{self.row} {self.running.log_of(self.running.worker)[-2000:]}") from late

    def delivered(self, count=1):
        id_ = self.row["study_id"]
        return until(lambda: len(self.running.deliveries(study_id=id_, state="delivered")) >= count)

    @property
    def asked(self):
        return [name for what, name, ref in _of_readers(self.running) if what == "asked" and ref == self.row["ref"]]

    @property
    def handed_over(self):
        return [words[1] for words in self.running.lines("delivered") if words[2] == self.row["ref"]]

    def trace(self, kind):
        id_ = self.row["study_id"]
        rows = sorted(self.running.rows(trace, study_id=id_), key=lambda one: one["trace_id"])
        return [one["text"] for one in rows if one["kind"] == kind]

    def reports(self):
        return [one for one in self.running.reports() if one["study_id"] == self.row["study_id"]]

    def jobs(self, **where):
        return self.running.jobs(study_id=self.row["study_id"], **where)


def _of_readers(running):
    return [words for words in running.lines() if words[0] in ("asked", "answered")]


def test_a_study_goes_from_the_spool_to_its_destination_once(study):
    study.send("a", "b")
    row = study.reaches("reported")
    study.delivered()
    assert row["open"]
    assert row["instance_count"] == 2
    assert row["readers"] == ["one", "two"]
    assert sorted(study.asked) == ["one", "two"]
    assert len(study.handed_over) == 1
    assert "its sender closed its association" in study.trace("complete")[0]
    assert study.jobs(kind="read")[0]["state"] == "done"


def test_the_list_says_where_readers_disagree_until_they_agree(study, running):
    running.say(denies=["two"])
    study.send("a")
    assert study.reaches("reported")["disputed"] is True
    running.say()
    study.send("late")
    assert study.reaches("reported", version=2)["disputed"] is False


def test_a_late_image_supersedes_the_report_and_keeps_the_higher_priority(study, running):
    running.say(critical=True)
    study.send("a")
    first = study.reaches("reported")
    study.delivered()
    assert (first["priority"], first["lane"]) == ("P1", 1)
    running.say()  # the second read finds nothing urgent
    study.send("late")
    second = study.reaches("reported", version=2)
    study.delivered(2)
    assert (second["priority"], second["lane"], second["floor"]) == ("P1", 1, "P1")
    old, new = study.reports()
    assert new["predecessor"] == old["report_id"]
    assert old["superseded_at"] is not None
    assert new["superseded_at"] is None
    assert sorted(study.asked) == ["one", "one", "two", "two"]


def test_a_late_image_makes_the_running_flow_void(study, running):
    running.say(hang=["one"])
    study.send("a")
    until(lambda: "one" in study.asked)
    study.send("late")
    until(lambda: study.row["version"] == 2)
    running.say()
    row = study.reaches("reported", version=2)
    assert row["generation"] >= 3
    assert [one["version"] for one in study.reports()] == [2]
    until(lambda: len(study.handed_over) == 1)


def test_a_killed_worker_is_survived_and_no_finished_read_is_asked_twice(study, running):
    running.say(hang=["two"])
    study.send("a")
    until(lambda: sorted(study.asked) == ["one", "two"] and any(r["reader"] == "one" for r in _kept(study)))
    survivor = running.start("work")
    running.kill(running.worker)
    running.worker = survivor
    running.say()
    study.reaches("reported")
    study.delivered()
    assert study.asked.count("one") == 1
    assert len(study.handed_over) == 1
    assert len(study.reports()) == 1


def test_a_delivery_that_was_broken_off_is_not_made_twice(study, running):
    running.say(hang_after_delivery=True)
    study.send("a")
    study.reaches("reported")
    until(lambda: len(study.handed_over) == 1)
    running.kill(running.worker)
    running.say()
    running.worker = running.start("work")
    study.delivered()
    assert len(study.handed_over) == 1


def test_a_provider_that_is_gone_leaves_the_study_unread_on_the_list_and_is_tried_again(study, running):
    running.say(gone=True)
    study.send("a")
    failed = study.reaches("failed")
    assert failed["open"]
    assert failed["priority"] == "UNREAD"
    assert "the provider is gone" in failed["problem"]
    letter = [job for job in study.jobs() if job["state"] == "failed"]
    assert len(letter) == 1
    assert "the provider is gone" in letter[0]["problem"]
    assert study.asked.count("one") == 3
    running.say()
    row = study.reaches("reported", version=2)  # by itself
    assert row["problem"] is None
    unread, read = study.reports()
    assert (unread["priority"], read["predecessor"]) == ("UNREAD", unread["report_id"])


def test_a_dead_letter_is_retried_once_by_a_command(study, running):
    running.say(refuse=True)
    study.send("a")
    study.reaches("reported")
    letter = until(lambda: study.jobs(kind="deliver", state="failed"))[0]
    assert "not wanted here" in letter["problem"]
    assert letter["job_id"] in [job["job_id"] for job in jobs_of(running.service.database, state="failed")]
    running.say()
    assert _jobs(running, "retry", letter["job_id"]).returncode == 0
    study.delivered()
    assert len(study.handed_over) == 1
    with pytest.raises(Conflict, match="only a failed one"):
        retry(running.service.database, letter["job_id"], by="a test", now=running.service.now())


def test_a_critical_study_starts_before_two_hundred_that_wait(study, running):
    running.say(hang=["one"])
    running.send_many(200)
    until(lambda: len(running.studies(status="queued")) >= 199, seconds=40)
    study.send("a", StudyDescription="CODE RED")
    until(lambda: any(one["lane"] == 1 for one in running.jobs_of_queue()))
    under_way = {ref for what, name, ref in _of_readers(running) if what == "asked"}
    running.say()
    study.reaches("reported")
    refs = list(dict.fromkeys(ref for what, name, ref in _of_readers(running) if what == "asked"))
    assert next(ref for ref in refs if ref not in under_way) == study.row["ref"]


def _kept(study):
    return [one for one in study.running.reads() if one["study_id"] == study.row["study_id"]]


def _jobs(running, *words):
    place = ["--data", str(running.data), *(["--database", running.database_url] if running.database_url else [])]
    command = [sys.executable, *PROGRAM, "--config", str(running.config), "jobs", words[0], *words[1:], *place]
    return subprocess.run(command, env=running.environment, capture_output=True, text=True, check=False)
