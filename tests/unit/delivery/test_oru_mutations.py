"""Planted defects: whoever breaks a message breaks a rule of ours. A rule that lets one pass is a defect itself."""

import re
from collections.abc import Callable

import pytest

from oru_rules import problems
from reported import report_of, studies_of
from wetread.delivery.hl7 import as_oru
from wetread.domain.report import Report
from wetread.settings import HL7Names
from wetread.testing import phantoms

Mutation = Callable[[str], str]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("mutated") / "chest.dcm")
    return report_of(*studies_of(path))


@pytest.fixture(scope="module")
def message(report: Report) -> bytes:
    return as_oru(report, names=HL7Names(), text="one | two\nthree & four")


def swap(old: str, new: str, count: int = 1) -> Mutation:
    return lambda text: text.replace(old, new, count)


def pattern(old: str, new: str) -> Mutation:
    return lambda text: re.sub(old, new, text, count=1)


def _moved(text: str) -> str:
    lines = text.split("\r")
    lines[1], lines[3] = lines[3], lines[1]
    return "\r".join(lines)


MUTATIONS: dict[str, Mutation] = {
    "another message type": swap("ORU^R01^ORU_R01", "ORU^R30^ORU_R30"),
    "another version": swap("|2.5.1|", "|2.3|"),
    "no character set": swap("UNICODE UTF-8", ""),
    "other encoding characters": swap("^~\\&", "^~\\#"),
    "a test message": swap("|P|2.5.1", "|T|2.5.1"),
    "no control id": pattern(r"\|wr-[0-9a-f]+\|P\|", "||P|"),
    "a control id too long": pattern(r"\|wr-([0-9a-f]+)\|P\|", r"|wr-\1-\1|P|"),
    "a time without its zone": swap("+0000", ""),
    "another patient's number": swap("PHANTOM-1", "PHANTOM-2"),
    "another patient's name": swap("Phantom^Ada", "Fantom^Ada"),
    "another birth date": swap("19600102", "19600103"),
    "another accession number": swap("ACC-1|", "ACC-2|"),
    "another study": pattern(r"(113014\^DICOM Study\^DCM\|\|)1", r"\g<1>2"),
    "a final result that nobody signed": swap("RAD|P", "RAD|F"),
    "one final observation": swap("||||||P|||", "||||||F|||"),
    "a signer where nobody signed": swap("RAD|P", "RAD|P|||||||m.curie"),
    "another section": swap("|RAD|", "|LAB|"),
    "ORC of another order": pattern(r"(ORC\|RE\|\|)", r"\1OTHER"),
    "no banner": swap("Research use only", "For diagnosis"),
    "a narrative as a string": swap("|FT|", "|ST|"),
    "a finding less": lambda text: "\r".join(x for x in text.split("\r") if "pleural effusion" not in x),
    "another finding": swap("wr:pneumothorax", "wr:pneumonia"),
    "another probability": swap("|0.83|", "|0.93|"),
    "a percentage where a fraction belongs": swap("|0.83|", "|83|"),
    "no flag": swap("|AA|0.83", "||0.83"),
    "the other side": swap("7771000^Left", "24028007^Right"),
    "no side": lambda text: "\r".join(x for x in text.split("\r") if "272741003" not in x),
    "present instead of uncertain": swap("UNCERTAIN^", "52101004^"),
    "a finding taken back that stands": pattern(r"(60046008.*?\|)P\|", r"\1D|"),
    "an unescaped delimiter": swap("\\F\\", "|"),
    "an unescaped component": swap("\\T\\", "&\\"),
    "a broken escape": swap("\\.br\\", "\\br"),
    "an empty segment": lambda text: text + "NTE|\r",
    "a foreign segment": lambda text: text + "ZZZ|1\r",
    "line feeds": lambda text: text.replace("\r", "\n"),
    "CR and LF": lambda text: text.replace("\r", "\r\n"),
    "no end": lambda text: text[:-1],
    "a control character": swap("three", "three\x1c"),
    "PID behind OBR": _moved,
    "OBX out of count": swap("OBX|2|", "OBX|7|"),
}


def test_the_message_itself_breaks_no_rule(message: bytes, report: Report) -> None:
    assert problems(message, report) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_defect_breaks_a_rule(message: bytes, report: Report, name: str) -> None:
    broken = MUTATIONS[name](message.decode())
    assert broken != message.decode(), "the mutation changes nothing"
    assert problems(broken.encode(), report)


def test_findings_that_share_a_sub_id_break_a_rule(message: bytes, report: Report) -> None:
    first, second = dict.fromkeys(re.findall(r"\|([0-9A-F]{12})\|", message.decode()))
    assert problems(message.decode().replace(second, first).encode(), report)


def test_bytes_that_are_no_utf8_break_a_rule(message: bytes, report: Report) -> None:
    assert problems(message.replace(b"Phantom", b"Ph\xe4ntom"), report)
