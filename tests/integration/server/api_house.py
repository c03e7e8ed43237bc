"""A whole API over a real store, with studies that came, were read and reported as the flow does it."""

import hashlib
import threading
from contextlib import contextmanager
from datetime import timedelta

from fastapi.testclient import TestClient
from reports import report
from sqlalchemy import insert, update

from wetread.domain.arrival import Arrival, Way
from wetread.domain.people import Role
from wetread.domain.read import Answer
from wetread.domain.study import Patient
from wetread.domain.waiting import Lane, Standing
from wetread.intake.found import Found
from wetread.intake.grouping import study_ref
from wetread.intake.spool import Spool
from wetread.server.app import create_app
from wetread.server.serving import Server, listen_on
from wetread.settings import Settings
from wetread.store.answers import keep_read
from wetread.store.blobs import FolderBlobs
from wetread.store.change import change_study
from wetread.store.deliveries import promise
from wetread.store.facts import InstanceFacts, SeriesFacts, StudyFacts
from wetread.store.objects import place
from wetread.store.people import add_user
from wetread.store.records import to_record
from wetread.store.tables import reports
from wetread.store.tokens import add_token
from wetread.testing.clock import TurnableClock
from wetread.testing.studies import film_study, finding, read
from wetread.wiring.service import Service

EVERYTHING = read(
    finding("wr:pneumothorax", "present", 0.42),
    finding("wr:cardiomegaly", "uncertain"),
    finding("wr:pleural-effusion", "absent", 0.03),
)


class House:
    """An app, its store, and people with tokens."""

    def __init__(self, database, folder, service=None):
        self.clock, self.database = TurnableClock(), database
        self.spool = Spool(folder / "spool")
        self.settings = Settings(data_dir=folder, service=service or {})
        self.service = Service(
            settings=self.settings,
            data_dir=folder,
            database=database,
            blobs=FolderBlobs(folder / "blobs"),
            spool=self.spool,
            clock=self.clock,
        )
        self.app = create_app(self.service)

    @property
    def now(self):
        return self.clock.now()

    def token(self, role=Role.RADIOLOGIST, label="Dr. A"):
        secret, _ = add_token(self.database, role=role, label=label, by="test", now=self.now)
        return secret

    def client(self, role=Role.RADIOLOGIST, label="Dr. A", **more):
        headers = {"Authorization": f"Bearer {self.token(role, label)}"}
        return TestClient(self.app, base_url="http://localhost", headers=headers, raise_server_exceptions=False, **more)

    def stranger(self):
        return TestClient(self.app, base_url="http://localhost", raise_server_exceptions=False)

    def person(self, login="eve", roles=(Role.RADIOLOGIST,)):
        password = f"{login}'s long password"
        add_user(self.database, login=login, roles=roles, password=password, now=self.now)
        client = self.stranger()
        answer = client.post("/api/v1/login", json={"login": login, "password": password})
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def film(self, number=1, *, patient="P1", late=False):
        """One film arrives; its study's id."""
        uid = f"1.2.826.0.1.{number}"
        study_id = hashlib.sha256(uid.encode()).hexdigest()[:32]
        blob = hashlib.sha256(f"{uid}{late}".encode()).hexdigest()
        instance = film_study().instances[0]
        place(
            self.database,
            arrival=Arrival(arrival_id=f"a{number}{late}", way=Way.C_STORE, started_at=self.now, peer="XRAY"),
            study=StudyFacts(
                study_id=study_id,
                ref=study_ref(uid),
                study_uid=uid,
                patient_id=patient,
                patient_name=f"Doe^{patient}",
                study_date="2024-01-02",
                description="Chest",
            ),
            series=SeriesFacts(series_uid=f"{uid}.1", modality="DX", number=1, body_part="CHEST"),
            instance=InstanceFacts(
                blob=blob,
                size_bytes=1,
                kind="dicom_image",
                found=to_record(Found, Found(instance=instance, study_uid=uid, patient=Patient(patient_id=patient))),
                sop_instance_uid="1.2.4" if late else "1.2.3",
                rows=512,
                columns=256,
            ),
            complete_at=self.now,
            standing=Standing(
                lane=Lane.DUE, deadline=self.now + timedelta(hours=2), lift_at=self.now, why=("it came",)
            ),
            now=self.now,
        )
        return study_id

    def turn(self, study_id, status, **values):
        """The study goes on to this status, complete once more."""
        with self.database.write() as connection:
            before = change_study(connection, study_id, now=self.now, kind=f"study.{status}", status=status)
            grown = {"version": before["version"] + 1, "generation": before["generation"] + 1, **values}
            change_study(connection, study_id, now=self.now, kind="study.changed", **grown)
        return before["version"] + 1

    def reported(self, study_id, *answers: Answer, status="reported", to=("folder",)):
        """Its readers answered and the report is there; its id."""
        answers = answers or (EVERYTHING,)
        version = self.turn(study_id, status, reported_at=self.now, completed_at=self.now)
        made = report(*answers)
        report_id = f"{made.report_id}-{study_id[:6]}-{version}"
        body = to_record(type(made), type(made)(**{**fields_of(made), "report_id": report_id}))
        with self.database.write() as connection:
            connection.execute(update(reports).where(reports.c.study_id == study_id).values(superseded_at=self.now))
            connection.execute(
                insert(reports).values(
                    report_id=report_id,
                    study_id=study_id,
                    version=version,
                    status="preliminary",
                    priority=made.urgency.priority.value,
                    body=body,
                    at=self.now,
                )
            )
            promise(connection, report_id, study_id, to, now=self.now)
            change_study(
                connection, study_id, now=self.now, kind="study.reported", priority=made.urgency.priority.value
            )
        for answer in answers:
            if hasattr(answer, "findings"):
                who = answer.reader
                keep_read(
                    self.database, study_id, version, answer, reader=who.name, fingerprint=who.fingerprint, now=self.now
                )
        return report_id


def fields_of(report):
    return {name: getattr(report, name) for name in report.__slots__}


@contextmanager
def serving(app):
    """The app on a port of the loopback; its address."""
    import uvicorn

    listening, ready = listen_on("127.0.0.1", 0), threading.Event()
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = Server(config, app.state.ground, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        assert ready.wait(10)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        app.state.ground.closing.set()
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()
