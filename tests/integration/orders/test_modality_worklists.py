"""Orders from modality worklists: those of dcmtk and of Orthanc, by the command and in the service's way."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pydicom
import pytest
from ordering import free_port
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from sqlalchemy import select

from stored import put_study
from wetread.domain.ordered import Control
from wetread.errors import SourceUnavailable
from wetread.intake.sources.modality_worklist import ModalityWorklist, ordered_of, question
from wetread.intake.sources.node_link import Link
from wetread.intake.spool import Spool
from wetread.settings import Settings
from wetread.store.database import Database
from wetread.store.tables import orders, studies
from wetread.testing.clock import TurnableClock
from wetread.worklist.fetching import fetch_once, open_source

WLMSCPFS = Path("/usr/bin/wlmscpfs")
PLUGIN = Path("/usr/share/orthanc/plugins/libModalityWorklists.so")
UID = "1.2.826.0.1.3680043.1"


def entry(number, clock, *, days=0, modality="CT", charset="ISO_IR 192", name="Müller^Anna", **more):
    """A file of a worklist, as both peers read it."""
    at = clock.now().astimezone() + timedelta(days=days)
    found, step, code = Dataset(), Dataset(), Dataset()
    found.SpecificCharacterSet = charset
    found.AccessionNumber, found.PatientID, found.PatientName = f"A{number}", "77", name
    found.PatientBirthDate, found.PatientSex = "19610203", "F"
    found.StudyInstanceUID = f"{UID}.{number}"
    found.RequestedProcedureID, found.RequestedProcedureDescription = f"R{number}", "CT head"
    found.RequestedProcedurePriority = more.get("priority", "STAT")
    found.ReasonForTheRequestedProcedure = "stroke?"
    found.RequestingPhysician = "House^Greg"
    found.PlacerOrderNumberImagingServiceRequest, found.FillerOrderNumberImagingServiceRequest = f"P{number}", ""
    found.ReferringPhysicianName = ""
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CTH", "L", "CT of the head"
    found.RequestedProcedureCodeSequence = Sequence([code])
    step.Modality, step.ScheduledStationAETitle = modality, "CT1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
    step.ScheduledPerformingPhysicianName, step.ScheduledProcedureStepDescription = "", "head"
    step.ScheduledProcedureStepID = f"S{number}"
    if "status" in more:
        step.ScheduledProcedureStepStatus = more["status"]
    found.ScheduledProcedureStepSequence = Sequence([step])
    return found


def write(entries, folder):
    for number, one in enumerate(entries):
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
        one.file_meta.MediaStorageSOPInstanceUID = f"{UID}.9.{number}"
        pydicom.dcmwrite(folder / f"{number}.wl", one, enforce_file_format=True)


@contextmanager
def dcmtk(entries, folder):
    if not WLMSCPFS.exists():
        pytest.skip("wlmscpfs is not installed (apt install dcmtk)")
    (folder / "WL").mkdir()
    (folder / "WL" / "lockfile").touch()
    write(entries, folder / "WL")
    port = free_port()
    with started([str(WLMSCPFS), "-csk", "-dfr", "-dfp", str(folder), str(port)], folder, port):
        yield port, "WL"


@contextmanager
def orthanc(entries, folder):
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or not PLUGIN.exists():
        pytest.skip("Orthanc and its worklist plugin are not installed (apt install orthanc)")
    (folder / "lists").mkdir()
    write(entries, folder / "lists")
    port = free_port()
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "Plugins": [str(PLUGIN)],
        "HttpServerEnabled": False,
        "DicomPort": port,
        "DicomAet": "WL",
        "DefaultEncoding": "Utf8",
        "DicomAlwaysAllowFindWorklist": True,
        "DicomModalities": {"us": {"AET": "WETREAD", "Host": "127.0.0.1", "Port": 104, "AllowFindWorklist": True}},
        "Worklists": {"Enable": True, "Database": str(folder / "lists"), "FilterIssuerAet": False},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with started([program, str(folder / "orthanc.json")], folder, port):
        yield port, "WL"


@contextmanager
def started(words, folder, port):
    """A peer that listens."""
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "peer.log").read_text()[-2000:]
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


@dataclass
class Parts:
    settings: Settings
    data_dir: Path
    database: Database
    spool: Spool
    clock: TurnableClock

    def rows(self, table=orders):
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]

    def point_at(self, port, title, **more):
        source = {"kind": "modality_worklist", "host": "127.0.0.1", "port": port, "ae_title": title} | more
        self.settings = Settings(service={"sources": {"ris": source}})


@pytest.fixture
def parts(small_ris, tmp_path):
    data = tmp_path / "data"
    return Parts(Settings(), data, small_ris.database, Spool(data / "spool"), TurnableClock())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "peer").mkdir()
    return tmp_path / "peer"


@pytest.mark.parametrize("peer", [dcmtk, orthanc])
def test_the_orders_of_these_days_arrive_whole_and_once(parts, folder, peer):
    study = "a" * 32
    entries = [
        entry(1, parts.clock),
        entry(2, parts.clock, days=9),
        entry(3, parts.clock, modality="MR", priority="ROUTINE", name="山田^太郎"),
        entry(4, parts.clock, charset="GB18030", name="王^小东", days=1),
    ]
    waits = {"status": "queued", "patient_id": "77", "modalities": "\\CT\\", "study_uid": f"{UID}.1"}
    put_study(parts.database, study, **waits)
    with peer(entries, folder) as (port, title):
        parts.point_at(port, title)
        open_source("ris", parts.settings.service).check()
        first = fetch_once("ris", parts)
        before = parts.rows()
        parts.clock.turn(seconds=30)
        again = fetch_once("ris", parts)
    assert (first.taken, first.what, first.failures, again.taken) == (3, "orders", (), 3)
    said = {row["accession_number"]: row for row in parts.rows()}
    assert set(said) == {"A1", "A3", "A4"}
    assert (said["A1"]["state"], said["A1"]["study_id"], said["A1"]["why"]) == (
        "matched",
        study,
        "by its Study Instance UID",
    )
    assert parts.rows(studies)[0]["order_priority"] == "stat"
    assert [said[name]["patient_name"] for name in ("A1", "A3", "A4")] == ["Müller^Anna", "山田^太郎", "王^小东"]
    assert said["A1"]["scheduled_at"] == (parts.clock.now() - timedelta(seconds=30)).replace(microsecond=0)
    looked = [{name: value for name, value in row.items() if name != "changed_at"} for row in parts.rows()]
    assert looked == [{name: value for name, value in row.items() if name != "changed_at"} for row in before]


def test_only_the_modalities_that_are_asked_for_are_taken(parts, folder):
    entries = [entry(1, parts.clock), entry(2, parts.clock, modality="MR"), entry(3, parts.clock, modality="US")]
    with dcmtk(entries, folder) as (port, title):
        parts.point_at(port, title, modalities=("MR", "US"))
        assert fetch_once("ris", parts).taken == 2
    assert {row["modality"] for row in parts.rows()} == {"MR", "US"}


def test_an_order_says_what_the_entry_does(parts):
    found = ordered_of(entry(1, parts.clock), "modality_worklist:ris")
    assert found.order.clinical_question == "stroke?"
    assert found.request.provider == ("", "House", "Greg")
    assert (found.request.procedure.text, found.request.procedure.code) == ("CT head", "CTH")
    assert (found.request.placer_number, found.request.procedure_id) == ("P1", "R1")
    assert (found.patient.birth_date, found.patient.sex) == ("1961-02-03", "F")


def test_a_step_that_was_called_off_is_a_cancelled_order(parts):
    assert ordered_of(entry(1, parts.clock, status="CANCELED"), "m").control is Control.CANCEL
    assert ordered_of(entry(1, parts.clock, status="SCHEDULED"), "m").control is Control.NEW


def test_an_entry_that_names_nothing_is_a_failure_and_the_rest_goes_on(parts, folder):
    nameless = entry(2, parts.clock)
    for word in ("AccessionNumber", "StudyInstanceUID", "PlacerOrderNumberImagingServiceRequest"):
        setattr(nameless, word, "")
    with pytest.raises(ValueError, match="no order number"):
        ordered_of(nameless, "m")
    with orthanc([entry(1, parts.clock), nameless], folder) as (port, title):
        parts.point_at(port, title)
        fetched = fetch_once("ris", parts)
    assert (fetched.taken, len(fetched.failures)) == (1, 1)
    assert "77" not in f"{fetched.failures[0].file} {fetched.failures[0].problem}"


def test_letters_of_a_character_set_that_an_entry_does_not_name_are_left_out_and_no_wrong_ones_taken(parts):
    nameless = entry(1, parts.clock)
    del nameless.SpecificCharacterSet
    nameless["PatientName"]._value = pydicom.valuerep.PersonName("M\u00c3\u00bcller^Anna")
    found = ordered_of(nameless, "m")
    assert (found.patient.name, found.patient.patient_id) == (None, "77")
    assert found.order.clinical_question == "stroke?"


def test_the_question_spans_yesterday_to_tomorrow(parts):
    step = question("CT", parts.clock.now()).ScheduledProcedureStepSequence[0]
    here = parts.clock.now().astimezone()
    days = (here - timedelta(days=1), here + timedelta(days=1))
    assert step.ScheduledProcedureStepStartDate == "-".join(f"{day:%Y%m%d}" for day in days)


def test_a_node_that_is_gone_is_a_source_that_is_not_there(parts):
    link = Link("ris", ("127.0.0.1", free_port()), ae_title="WL", our_ae_title="WETREAD", timeout_s=2)
    with pytest.raises(SourceUnavailable, match="can't be reached"):
        ModalityWorklist("ris", link).check()
