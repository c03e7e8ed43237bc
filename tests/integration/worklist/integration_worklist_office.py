"""Ingest and store in this process, without processes of their own."""

from integration_worklist_processes import uid_of
from sqlalchemy import func, select

from wetread.domain.arrival import Way
from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.guard import Inline
from wetread.intake.spool import Spool
from wetread.settings import Settings
from wetread.store.blobs import open_blobs
from wetread.testing.clock import TurnableClock
from wetread.testing.phantoms import radiograph, write
from wetread.worklist.house import Bureau, Policies
from wetread.worklist.ingest import Ingest
from wetread.worklist.unpacking import Opener


class Office:
    def __init__(self, database, root):
        self.root, self.database = root, database
        self.clock = TurnableClock()
        policies = Policies(urgency=load_policy(None), waiting=load_worklist_policy(None))
        self.blobs, self.spool = open_blobs(None, root / "blobs"), Spool(root / "spool")
        self.settings = Settings()
        bureau = Bureau(
            settings=self.settings, database=database, blobs=self.blobs, clock=self.clock, policies=policies
        )
        self.ingest = Ingest(bureau, self.spool, Opener(Inline(), root / "unpacking", timeout_s=5))

    def send(self, *things, close=True):
        sheaf = self.spool.open(Way.UPLOAD, peer="TEST")
        for thing in things:
            sheaf.add(thing)
        if close:
            sheaf.close()
        return sheaf

    def film(self, name, study="1"):
        uids = {"StudyInstanceUID": uid_of(study), "SOPInstanceUID": uid_of(f"{study} {name}")}
        return write(radiograph(8, 8, name=name, **uids), self.root / "film.dcm").read_bytes()

    def rows(self, table):
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def count(self, table):
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    @property
    def is_empty(self):
        return not list(self.spool.arrivals())
