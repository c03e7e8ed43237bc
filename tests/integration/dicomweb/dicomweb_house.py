"""A live DICOMweb server on loopback, over a real store, with an ingest of its own beside it."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI

from wetread.dicom import Limits
from wetread.dicom.as_json import header_json
from wetread.domain.people import Role
from wetread.domain.waiting import Lane, Standing
from wetread.errors import InputError
from wetread.intake.found import Found, read_found
from wetread.intake.grouping import study_ref
from wetread.intake.kinds import FileKind
from wetread.intake.spool import arrival_of, objects_in
from wetread.server.app_guard import Guarded
from wetread.server.dicomweb import router
from wetread.server.problems import tell_problems
from wetread.server.state import Ground
from wetread.settings import Settings
from wetread.store.objects import Incoming, InstanceFacts, SeriesFacts, StudyFacts, place_all
from wetread.store.records import to_record
from wetread.store.tokens import add_token
from wetread.wiring.service import Service, open_service

HEADER_TAGS = ("00080030", "00080090", "00100021", "00200010")


@dataclass
class House:
    """The server as a peer sees it, and the service behind it."""

    service: Service
    url: str
    token: str
    app: FastAPI

    @property
    def web(self) -> str:
        return f"{self.url}/dicom-web"

    def client(self, token: str | None = None) -> httpx2.Client:
        return httpx2.Client(headers={"Authorization": f"Bearer {token or self.token}"}, timeout=60)

    def ingest(self) -> list[str]:
        """Everything in the spool into the store; what could not be placed is named."""
        unplaced, incoming = [], []
        for folder in self.service.spool.arrivals():
            for path in objects_in(folder):
                try:
                    incoming.append(self.incoming(path, folder))
                except InputError as problem:
                    unplaced.append(str(problem))
            for path in [*folder.iterdir()]:
                path.unlink()
            folder.rmdir()
        place_all(self.service.database, incoming, now=self.service.now())
        return unplaced

    def incoming(self, path: Path, folder: Path) -> Incoming:
        found = read_found(path, "the object", FileKind.DICOM, Limits())
        assert isinstance(found, Found)
        header = header_json(path, "the object", "")
        blob, size = self.service.blobs.put_file(path, link=True)
        now = self.service.now()
        identity = found.study_uid or f"file:{blob}"
        standing = Standing(lane=Lane.DUE, deadline=now + timedelta(hours=1), lift_at=now + timedelta(hours=1), why=())
        instance = replace(found.instance, sha256=blob)
        return Incoming(
            arrival=arrival_of(folder),
            study=StudyFacts(
                study_id=hashlib.sha256(identity.encode()).hexdigest()[:32],
                ref=study_ref(identity),
                study_uid=found.study_uid,
                patient_id=found.patient.patient_id,
                patient_name=found.patient.name,
                patient_birth_date=found.patient.birth_date,
                patient_sex=found.patient.sex,
                accession_number=found.accession_number,
                study_date=found.study_date,
                description=found.study_description,
                header={tag: header[tag] for tag in HEADER_TAGS if tag in header},
            ),
            series=SeriesFacts(
                series_uid=found.series_uid,
                modality=instance.modality,
                number=found.series_number,
                description=found.series_description,
                body_part=instance.body_part,
            ),
            instance=InstanceFacts(
                blob=blob,
                size_bytes=size,
                kind=instance.kind.value,
                found=to_record(Found, replace(found, instance=instance)),
                sop_instance_uid=instance.sop_instance_uid,
                sop_class_uid=instance.sop_class_uid,
                transfer_syntax_uid=instance.transfer_syntax_uid,
                number=instance.instance_number,
                frames=instance.frames,
                rows=instance.rows,
                columns=instance.columns,
            ),
            complete_at=now,
            standing=standing,
        )


def multipart(*objects: bytes, boundary: str = "b0undary", part_type: str = "application/dicom") -> tuple[bytes, str]:
    """A body of these objects and its Content-Type."""
    head = f"\r\n--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode()
    body = b"".join(head + one for one in objects) + f"\r\n--{boundary}--\r\n".encode()
    return body, f'multipart/related; type="application/dicom"; boundary={boundary}'


def serve(service: Service) -> tuple[FastAPI, uvicorn.Server, threading.Thread]:
    app = FastAPI()
    app.state.ground = Ground(service=service)
    tell_problems(app)
    app.include_router(router)
    app.add_middleware(Guarded, hosts=("127.0.0.1",))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    return app, server, thread


def opened(data: Path, **service: object) -> Iterator[House]:
    settings = Settings()
    if service:
        settings = settings.model_copy(update={"service": settings.service.model_copy(update=service)})
    made = open_service(settings, data)
    app, server, thread = serve(made)
    port = server.servers[0].sockets[0].getsockname()[1]
    secret, _ = add_token(made.database, role=Role.SERVICE, label="test", by="test", now=datetime.now(UTC))
    yield House(service=made, url=f"http://127.0.0.1:{port}", token=secret, app=app)
    server.should_exit = True
    thread.join(10)
    if crew := getattr(app.state, "dicomweb_crew", None):
        crew.close()
    made.close()


def parts_of(answer: httpx2.Response) -> list[bytes]:
    """The parts of a multipart answer, cut by its boundary alone."""
    assert answer.status_code == 200, (answer.status_code, answer.text[:300])
    assert int(answer.headers["content-length"]) == len(answer.content)
    boundary = answer.headers["content-type"].rpartition("boundary=")[2].encode()
    pieces = answer.content.split(b"\r\n--" + boundary)
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    return [piece.partition(b"\r\n\r\n")[2] for piece in pieces[1:-1]]
