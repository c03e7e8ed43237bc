"""Every destination keeps the same contract (`wetread.testing.destinations`).

Another one is added below as a function that yields it, ready to take reports, and its name in `DESTINATIONS`.
"""

import dataclasses
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from archive_peers import storescp
from fhir_peer import TOKEN, running_peer
from hl7_peers import Receiver, independent_listener
from orthanc import running_orthanc
from reported import report_of, studies_of
from web_receiver import WebReceiver
from wetread.delivery.dicom_node import DicomNode
from wetread.delivery.dicomweb import DicomWeb
from wetread.delivery.fhir_server import FhirServer
from wetread.delivery.folder import Folder
from wetread.delivery.mllp import Mllp
from wetread.delivery.tools import Tools
from wetread.delivery.webhook import Webhook
from wetread.domain.report import Receipt, Report
from wetread.ports import Destination
from wetread.reporting.as_json import as_json
from wetread.reporting.as_text import as_text
from wetread.settings import DestinationSettings
from wetread.testing import phantoms
from wetread.testing.clock import TurnableClock
from wetread.testing.destinations import check_destination, some_report

RENDERINGS = {"json": as_json, "text": as_text}
KINDS = ("sr", "ko", "gsps", "sc")
TOOLS = Tools(render=lambda report, how: RENDERINGS[how](report), clock=TurnableClock())
Ready = Callable[[Path], AbstractContextManager[Destination]]


@contextmanager
def folder(path: Path) -> Iterator[Destination]:
    yield Folder(path / "out", render=lambda report: (as_json(report),), suffix=".json")


@contextmanager
def webhook(_: Path) -> Iterator[Destination]:
    with WebReceiver() as receiver:
        settings = DestinationSettings(kind="webhook", url=receiver.url)
        yield Webhook.configured("hook", settings, TOOLS)


@contextmanager
def hl7(_: Path) -> Iterator[Destination]:
    with Receiver() as receiver:
        yield Mllp("ris", ("127.0.0.1", receiver.port), tools=TOOLS)


@contextmanager
def hl7_independent(_: Path) -> Iterator[Destination]:
    with independent_listener() as listener:
        yield Mllp("ris", ("127.0.0.1", listener.port), tools=TOOLS)


@contextmanager
def dicom(path: Path) -> Iterator[Destination]:
    (path / "kept").mkdir()
    with storescp(path / "kept") as port:
        own = DestinationSettings(kind="dicom", host="127.0.0.1", port=port, ae_title="ARCHIVE", objects=KINDS)
        yield DicomNode.configured("pacs", own, TOOLS)


@contextmanager
def dicomweb(path: Path) -> Iterator[Destination]:
    with running_orthanc(path) as orthanc:
        yield DicomWeb.configured("vna", DestinationSettings(kind="dicomweb", url=orthanc.web, objects=KINDS), TOOLS)


@contextmanager
def fhir(_: Path) -> Iterator[Destination]:
    with running_peer() as peer, pytest.MonkeyPatch.context() as patched:
        patched.setenv("CONTRACT_TOKEN", TOKEN)
        own = DestinationSettings(kind="fhir", url=peer.url, token_env="CONTRACT_TOKEN")
        yield FhirServer.configured("ehr", own, TOOLS)


DESTINATIONS: dict[str, Ready] = {
    "dicom": dicom,
    "dicomweb": dicomweb,
    "fhir": fhir,
    "folder": folder,
    "webhook": webhook,
    "hl7": hl7,
    "hl7, independent listener": hl7_independent,
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("contract") / "chest.dcm")
    return report_of(*studies_of(path))


@pytest.mark.parametrize("name", DESTINATIONS)
def test_a_destination_keeps_the_contract(name: str, report: Report, tmp_path: Path) -> None:
    with DESTINATIONS[name](tmp_path) as destination:
        check_destination(destination, report)


@pytest.mark.parametrize("name", ["folder", "webhook", "hl7"])
def test_the_report_that_plug_ins_are_tried_with_is_taken(name: str, tmp_path: Path) -> None:
    with DESTINATIONS[name](tmp_path) as destination:
        check_destination(destination, some_report())


class Breaking:
    """A destination that keeps the contract, for others to break."""

    name = "breaking"

    def __init__(self) -> None:
        self.taken: dict[str, Receipt] = {}

    async def deliver(self, report: Report) -> Receipt:
        told = Receipt(destination=self.name, report_id=report.report_id, reference=f"kept {report.report_id}")
        return self.taken.setdefault(report.report_id, told)

    async def receipt_of(self, report: Report) -> Receipt | None:
        return self.taken.get(report.report_id)


class Counting(Breaking):
    count = 0

    async def deliver(self, report: Report) -> Receipt:
        self.count += 1
        return dataclasses.replace(await super().deliver(report), reference=f"number {self.count}")


class Nameless(Breaking):
    name = ""


class OfAnother(Breaking):
    async def deliver(self, report: Report) -> Receipt:
        return dataclasses.replace(await super().deliver(report), report_id="another")


class ElsewhereNamed(Breaking):
    async def deliver(self, report: Report) -> Receipt:
        return dataclasses.replace(await super().deliver(report), destination="another")


class Talkative(Breaking):
    async def deliver(self, report: Report) -> Receipt:
        return dataclasses.replace(await super().deliver(report), reference=f"of {report.study.patient.name}")


class Forgetful(Breaking):
    async def receipt_of(self, report: Report) -> Receipt | None:
        return None


class Foreboding(Breaking):
    async def receipt_of(self, report: Report) -> Receipt | None:
        return Receipt(destination=self.name, report_id=report.report_id, reference=f"kept {report.report_id}")


class Silent(Breaking):
    async def deliver(self, report: Report) -> Receipt:
        return dataclasses.replace(await super().deliver(report), reference="")


def test_a_destination_that_keeps_the_contract_passes(report: Report) -> None:
    check_destination(Breaking(), report)


@pytest.mark.parametrize(
    "broken", [Counting, Nameless, OfAnother, ElsewhereNamed, Talkative, Forgetful, Foreboding, Silent]
)
def test_a_destination_that_breaks_the_contract_is_told_so(broken: type[Breaking], report: Report) -> None:
    with pytest.raises(AssertionError):
        check_destination(broken(), report)


def test_a_destination_that_takes_no_withdrawal_is_told_so(report: Report) -> None:
    class Clinging(Breaking):
        async def deliver(self, report: Report) -> Receipt:
            assert report.consensus is not None, "it takes no withdrawal"
            return await super().deliver(report)

    with pytest.raises(AssertionError, match="no withdrawal"):
        check_destination(Clinging(), report)


def test_the_destination_of_the_how_to_page_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/add-a-destination.md").read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL)]
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks), {})
    assert (tmp_path / "ledger.txt").read_text().startswith(some_report().report_id)
