"""A site whose store holds weeks of reads, as ingest and the flow leave them: for tests of what has moved.

Studies are written in bulk (rows as `store.objects` and `store.answers` write them), their pictures lie among the blobs
and are described by the service's own code. `Change` says what is planted.
"""

import hashlib
import io
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from wetread.domain.read import Answer, Read, ReaderIdentity, Trace, Usage
from wetread.domain.study import Instance, InstanceKind
from wetread.guard import Inline
from wetread.intake.found import Found
from wetread.intake.spool import Spool
from wetread.settings import Settings
from wetread.store.blobs import FolderBlobs
from wetread.store.records import to_record
from wetread.store.tables import arrivals, instances, reads, series, studies
from wetread.testing.clock import TurnableClock
from wetread.testing.phantoms import chest_pattern, radiograph
from wetread.testing.studies import finding
from wetread.wiring.service import Service

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
READER = "vision"
FILMS = 80
FINDINGS = {
    "wr:pneumothorax": 0.03,
    "wr:pleural-effusion": 0.12,
    "wr:consolidation": 0.15,
    "wr:cardiomegaly": 0.20,
    "wr:atelectasis": 0.25,
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a period is like; each field but the first three is a thing that may move."""

    manufacturers: dict = field(default_factory=lambda: {"North": 0.5, "South": 0.3, "West": 0.2})
    views: dict = field(default_factory=lambda: {"PA": 0.6, "AP": 0.4})
    latency_s: float = 3.0
    findings: dict = field(default_factory=lambda: dict(FINDINGS))
    inverted: bool = False
    fingerprint: str = "fp-1"
    answered_by: str = "model-2026-01"
    billed: float = 1.0
    fails: float = 0.01


QUIET = Change()


@cache
def film(number, inverted=False):
    """A small chest film as DICOM, a little different for each number."""
    dice = np.random.default_rng(number)
    picture = chest_pattern(56, 48) * dice.normal(1, 0.08) + dice.normal(0, 0.03, (56, 48))
    picture = np.roll(picture, dice.integers(-3, 4), axis=1)
    stored = np.rint(np.clip(picture, 0, 1) * 4095).astype(np.uint16)
    made = radiograph(
        pixels=4095 - stored if inverted else stored, name=f"{number}", WindowCenter=2048, WindowWidth=4096
    )
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


class Site:
    """A service over a store, in this process, with the pen to write its past."""

    def __init__(self, database, folder: Path, *, settings=None):
        self.clock, self.database, self.folder = TurnableClock(MONDAY), database, folder
        self.blobs = FolderBlobs(folder / "blobs")
        self.settings = settings or Settings(data_dir=folder, default_readers=())
        self.service = Service(
            settings=self.settings,
            data_dir=folder,
            database=database,
            blobs=self.blobs,
            spool=Spool(folder / "spool"),
            clock=self.clock,
        )
        self.isolation = Inline()
        self._numbers = itertools.count(1)
        self._kept = {}
        with database.write() as connection:
            row = {"arrival_id": "a1", "way": "c_store", "started_at": MONDAY, "objects": 0, "problems": 0}
            connection.execute(insert(arrivals).values(**row))

    def period(self, seed, count=200, change=QUIET, *, hours=24, reader=READER):
        """So many studies come and are read, evenly over these hours; the clock stands at their end. Their ids."""
        dice, start = np.random.default_rng(seed), self.clock.now()
        rows = {"studies": [], "series": [], "instances": [], "reads": []}
        for one in range(count):
            at = start + timedelta(hours=hours) * (one + 1) / (count + 1)
            self._study(dice, at, change, reader, rows)
        tables = {"studies": studies, "series": series, "instances": instances, "reads": reads}
        with self.database.write() as connection:
            for name, table in tables.items():
                connection.execute(insert(table), rows[name])
        self.clock.turn(hours=hours)
        return [row["study_id"] for row in rows["studies"]]

    def _study(self, dice, at, change, reader, rows):
        number = next(self._numbers)
        study_id, uid = f"{number:032x}", f"1.2.826.0.2.{number}"
        blob = self._blob(int(dice.integers(FILMS)), change.inverted)
        view = _one(dice, change.views)
        instance = Instance(
            file=blob,
            path=Path(blob),
            sha256=blob,
            size_bytes=1,
            kind=InstanceKind.DICOM_IMAGE,
            sop_instance_uid=f"{uid}.2",
            modality="DX",
            body_part="CHEST",
            projection=view,
            rows=56,
            columns=48,
        )
        header = {"00080070": {"vr": "LO", "Value": [_one(dice, change.manufacturers)]}}
        rows["studies"].append(
            {
                "study_id": study_id,
                "ref": f"st-{number:012x}",
                "study_uid": uid,
                "patient_id": f"P{number}",
                "patient_name": "DOE^JANE",
                "patient_sex": "FM"[int(dice.integers(2))],
                "age_years": float(np.clip(dice.normal(58, 18), 0, 99)),
                "header": {},
                "why": [],
                "readers": [],
                "status": "reported",
                "version": 1,
                "instance_count": 1,
                "modalities": "\\DX\\",
                "arrived_at": at,
                "last_arrival_at": at,
                "deadline": at,
                "lift_at": at,
                "reported_at": at,
                "open": True,
                "lane": 3,
            }
        )
        rows["series"].append(
            {
                "series_id": f"{number:032x}",
                "study_id": study_id,
                "series_uid": f"{uid}.1",
                "modality": "DX",
                "number": 1,
                "body_part": "CHEST",
                "header": header,
                "instance_count": 1,
            }
        )
        rows["instances"].append(
            {
                "study_id": study_id,
                "series_id": f"{number:032x}",
                "sop_instance_uid": f"{uid}.2",
                "blob": blob,
                "size_bytes": 1,
                "number": 1,
                "frames": 1,
                "rows": 56,
                "columns": 48,
                "kind": "dicom_image",
                "arrival_id": "a1",
                "arrived_at": at,
                "found": to_record(Found, Found(instance=instance, study_uid=uid)),
            }
        )
        rows["reads"].append(self._read(dice, study_id, at, change, reader))

    def _read(self, dice, study_id, at, change, reader):
        seen = {code: dice.random() < share for code, share in change.findings.items()}
        latency_s = float(change.latency_s * dice.lognormal(0, 0.4))
        answer = Read(
            reader=ReaderIdentity(name=reader, version="1", fingerprint=change.fingerprint),
            findings=tuple(finding(code, "present" if there else "absent") for code, there in seen.items()),
            usage=Usage(
                calls=1, input_tokens=round(1000 * change.billed * dice.normal(1, 0.01)), predicted_input_tokens=1000
            ),
            trace=Trace(answered_by=change.answered_by, latency_s=latency_s),
        )
        return {
            "read_id": hashlib.sha256(f"{study_id} {reader}".encode()).hexdigest()[:32],
            "study_id": study_id,
            "version": 1,
            "reader": reader,
            "fingerprint": change.fingerprint,
            "body": to_record(Answer, answer),
            "answered": True,
            "cost_usd": 0.01,
            "latency_s": latency_s,
            "at": at,
            "shadow": False,
        }

    def _blob(self, number, inverted):
        if (number, inverted) not in self._kept:
            self._kept[number, inverted] = self.blobs.put_bytes(film(number, inverted))[0]
        return self._kept[number, inverted]


def _one(dice, shares):
    return list(shares)[int(dice.choice(len(shares), p=list(shares.values())))]


def changed(**fields):
    """A period that is quiet but for this."""
    return replace(QUIET, **fields)


__all__ = ["FINDINGS", "MONDAY", "QUIET", "READER", "Change", "Site", "changed", "film"]
