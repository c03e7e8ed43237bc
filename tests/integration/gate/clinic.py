"""A service in this process: films arrive, are read and reported as the worker does it."""

import asyncio
import hashlib
import secrets

from sqlalchemy import select

from wetread.domain.arrival import Way
from wetread.domain.report import Report
from wetread.evaluate.gate import Check, Outcome, Verdict
from wetread.guard import Inline
from wetread.intake.spool import Spool
from wetread.settings import Settings
from wetread.store.blobs import open_blobs
from wetread.store.gate import GateRun, keep_run
from wetread.store.records import from_record, to_record
from wetread.store.tables import reports, studies
from wetread.testing.clock import TurnableClock
from wetread.testing.phantoms import radiograph, write
from wetread.wiring import lineup
from wetread.wiring.service import Service
from wetread.wiring.shadows import shadow_equipment, shadows_of
from wetread.wiring.working import _house
from wetread.worklist import reading
from wetread.worklist.completing import complete_due
from wetread.worklist.house import Bureau
from wetread.worklist.ingest import Ingest
from wetread.worklist.shadowing import Shadowing
from wetread.worklist.unpacking import Opener


class Clinic:
    def __init__(self, database, root, service):
        self.clock, self.database, self.root = TurnableClock(), database, root
        self.settings = Settings(data_dir=root, default_readers=("coin",), service=service)
        self.service = Service(
            settings=self.settings,
            data_dir=root,
            database=database,
            blobs=open_blobs(None, root / "blobs"),
            spool=Spool(root / "spool"),
            clock=self.clock,
        )
        self.house = _house(self.service, Inline())
        bureau = Bureau(
            settings=self.settings,
            database=database,
            blobs=self.service.blobs,
            clock=self.clock,
            policies=self.house.policies,
        )
        self.ingest = Ingest(bureau, self.service.spool, Opener(Inline(), root / "unpacking", timeout_s=5))

    @property
    def now(self):
        return self.clock.now()

    def film(self, number=1):
        """One chest film arrives and is complete; its study's id."""
        uids = {"StudyInstanceUID": f"1.2.3.{number}", "SOPInstanceUID": f"1.2.3.{number}.1"}
        file = write(radiograph(64 + number, 64, **uids), self.root / "film.dcm")
        sheaf = self.service.spool.open(Way.UPLOAD, peer="TEST")
        sheaf.add(file.read_bytes())
        sheaf.close()
        self.ingest.step()
        self.clock.turn(minutes=16)
        complete_due(self.house)
        return self.rows(studies, study_uid=f"1.2.3.{number}")[0]["study_id"]

    def read(self, study_id):
        """A worker reads it; its report."""
        (row,) = self.rows(studies, study_id=study_id)
        asyncio.run(reading.read(self.house, study_id, row["generation"], "w1"))
        return self.report(study_id)

    def report(self, study_id):
        rows = [row for row in self.rows(reports, study_id=study_id) if row["superseded_at"] is None]
        return from_record(Report, rows[0]["body"])

    def rows(self, table, **where):
        look = select(table)
        for name, value in where.items():
            look = look.where(table.c[name] == value)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(look).mappings()]

    def ran(self, candidate, present="coin", *, outcome=Outcome.PASSED, mark=None):
        """A gate run that was kept, of a reader as it is now."""
        who = lineup.standing(self.settings, candidate)
        names = ("cases", "any finding", "critical cases lost")
        checks = tuple(Check(name=name, outcome=outcome, value=1.0, limit=1.0, says="as planted") for name in names)
        verdict = Verdict(present=present, candidate=candidate, checks=checks, policy_version="test")
        kept = lineup.Kept(verdict=verdict, manifest={}, present_fingerprint="p", mark=mark or who.mark)
        run = GateRun(
            run_id=secrets.token_hex(16),
            at=self.now,
            present=present,
            candidate=candidate,
            fingerprint=who.fingerprint,
            cases_sha256=hashlib.sha256(b"cases").hexdigest(),
            lets_through=verdict.lets_through,
            body=to_record(lineup.Kept, kept),
        )
        with self.database.write() as connection:
            keep_run(connection, run)
        return run.run_id

    def promote(self, run_id, slot="coin"):
        return lineup.promote(self.database, self.settings, run_id, slot=slot, **self._decision())

    def roll_back(self, slot="coin"):
        return lineup.roll_back(self.database, self.settings, slot=slot, **self._decision())

    def _decision(self):
        return {"by": "ada", "reason": "it is better", "now": self.now, "then": lambda *_: None}

    def shadowing(self):
        equipment = shadow_equipment(self.settings)
        shadows = shadows_of(self.settings, Inline(), equipment)
        return Shadowing(house=self.house, shadows=shadows, knowing=equipment.knowing)

    def look(self, shadowing=None):
        """One look of the thread that asks in the shadow; how many were asked."""
        with asyncio.Runner() as runner:
            return (shadowing or self.shadowing()).look(runner)

    def client(self, login, *roles):
        """Somebody who has logged in."""
        from fastapi.testclient import TestClient

        from wetread.server.app import create_app
        from wetread.store.people import add_user

        password = f"{login}'s long password"
        add_user(self.database, login=login, roles=roles, password=password, now=self.now)
        told = TestClient(create_app(self.service), base_url="http://localhost", raise_server_exceptions=False)
        answer = told.post("/api/v1/login", json={"login": login, "password": password})
        told.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return told
