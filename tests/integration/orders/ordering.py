"""An ordering system for tests: makes messages, has them taken, and looks at what became of them."""

import socket
from datetime import timedelta

from sqlalchemy import select

from stored import put_study
from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.settings import HL7Settings, MatchingSettings
from wetread.store.tables import messages, orders, patients, studies, trace
from wetread.testing.clock import TurnableClock
from wetread.worklist.house import Policies
from wetread.worklist.matching_rows import Ground
from wetread.worklist.taking_orders import TakingOrders

VT, END = b"\x0b", b"\x1c\r"


def message(kind, *segments, control="m1", charset="UNICODE UTF-8", app="RIS"):
    head = f"MSH|^~\\&|{app}|H|WETREAD|H|20260302120000||{kind}|{control}|P|2.5.1||||||{charset}"
    return "\r".join((head, *segments)).encode() + b"\r"


def order(number="P1", *, control="m1", do="NW", accession="", uid="", patient="77", modality="CT", **more):
    """An ORM; `more`: priority, name, birth, where, reason, at."""
    name, birth = more.get("name", "Müller^Anna"), more.get("birth", "19610203")
    place, at = more.get("where", ""), more.get("at", "")
    lines = [
        f"PID|||{patient}||{name}||{birth}|F",
        f"PV1||{place}",
        f"ORC|{do}|{number}",
        f"TQ1|1||||||{at}||{more.get('priority', '')}",
        f"OBR|1|{number}||CT^CT head^L||||||||||||||{accession}||||||{modality}|||||||{more.get('reason', '')}",
    ]
    if uid:
        lines.append(f"ZDS|{uid}^100^Application^DICOM")
    return message("ORM^O01", *lines, control=control)


def adt(event, *segments, control="a1", where=""):
    return message(f"ADT^{event}", *segments, f"PV1||{where}", control=control)


class Ris:
    def __init__(self, database, folder):
        self.database, self.folder = database, folder
        self.clock = TurnableClock()
        self.policies = Policies(urgency=load_policy(None), waiting=load_worklist_policy(None))
        self.ground = Ground(settings=MatchingSettings(), policies=self.policies)
        self.taking = self.opened()

    def opened(self, **settings):
        return TakingOrders(
            database=self.database, settings=HL7Settings(**settings), ground=self.ground, clock=self.clock
        )

    def told(self, data):
        """Have a message taken; the code it is answered with (AA, AE, AR)."""
        answer = self.taking.taken(data, "127.0.0.1")
        self.clock.turn(seconds=1)
        return code_of(answer)

    def study(self, name="a", **values):
        """A study that came."""
        study_id = (name * 32)[:32]
        now = self.clock.now()
        usual = {
            "status": "receiving",
            "patient_id": "77",
            "patient_name": "Müller^Anna",
            "patient_birth_date": "1961-02-03",
            "modalities": "\\CT\\",
            "arrived_at": now,
            "last_arrival_at": now,
            "deadline": now + timedelta(hours=8),
            "lift_at": now + timedelta(hours=4),
        }
        put_study(self.database, study_id, **(usual | values))
        return study_id

    def row(self, study_id):
        with self.database.read() as connection:
            return dict(connection.execute(select(studies).where(studies.c.study_id == study_id)).mappings().one())

    def rows(self, table):
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    @property
    def order(self):
        """The only order there is."""
        (row,) = self.rows(orders)
        return row

    @property
    def messages(self):
        return self.rows(messages)

    @property
    def patients(self):
        return {row["patient_id"]: row for row in self.rows(patients)}

    def lines(self, study_id):
        return [row["text"] for row in self.rows(trace) if row["study_id"] == study_id]


def code_of(answer):
    return None if answer is None else answer.decode().split("MSA|")[1][:2]


def answer(connection):
    """One frame; empty where the peer hung up."""
    held = b""
    while not held.endswith(END):
        if not (chunk := connection.recv(65536)):
            return b""
        held += chunk
    return held[1:-2]


def code(frame):
    return frame.split(b"MSA|")[1][:2].decode() if frame else None


def free_port():
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return finder.getsockname()[1]
