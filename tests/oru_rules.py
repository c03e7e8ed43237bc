"""What an ORU^R01 of ours must be, told independently of the code that writes it: every break is a sentence.

Messages are taken apart by python-hl7 and by hl7apy, never by the product.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hl7
from hl7apy import load_library
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from wetread.domain.finding import Finding, Presence
from wetread.domain.report import Report, ReportStatus

SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)
ALLOWED = ("MSH", "PID", "NTE", "ORC", "OBR", "OBX")
# Kinds and coding systems that hl7apy's tables of 2.5.1 lack: IHE and later versions use them under the same names.
OLDER_TABLES = re.compile(r"Value (CWE not in table HL70125|(99WETREAD|SCT|UCUM|RADLEX) not in table HL70396) in .*")
ESCAPE = re.compile(r"\\(?:[FSTRE]|X(?:[0-9A-F]{2})+|\.br)\\")
LONGEST_ST = 199


def parsed(message: bytes) -> hl7.Message:
    """The message as python-hl7 takes it apart."""
    return hl7.parse(message.decode("utf-8"))


def word(message: hl7.Message, segment: hl7.Segment, field: int, component: int = 1, repetition: int = 1) -> str:
    """A component, unescaped; formatted text with its line breaks as newlines."""
    try:
        told = segment.extract_field(field_num=field, repeat_num=repetition, component_num=component)
    except (IndexError, KeyError):
        return ""
    return told if told is not None else ""


def raw(segment: hl7.Segment, field: int) -> str:
    """A field as it stands in the message."""
    return str(segment[field]) if len(segment) > field else ""


def unescaped(message: hl7.Message, text: str) -> str:
    """The text that was escaped, decoded by python-hl7."""
    return message.unescape(text).replace("\r", "\n")


def rows(message: hl7.Message) -> list[dict[str, str]]:
    """Every OBX: code, sub_id, value (component 1), status, flag, probability."""
    names = {"kind": 2, "sub_id": 4, "flag": 8, "probability": 9, "status": 11, "value": 5, "units": 6, "method": 17}
    found = []
    for one in message.segments("OBX"):
        row = {name: raw(one, number) for name, number in names.items()}
        row["code"], row["scheme"] = [*raw(one, 3).split("^"), "", ""][0:3:2]
        found.append(row)
    return found


def strict(message: bytes, folder: Path) -> list[str]:
    """What hl7apy's strict validator finds: errors, and warnings but those of its older tables.

    It takes each OBX-5 for a string of 199 characters whatever OBX-2 says: formatted text and documents are checked
    as what they are, then stand for themselves by one letter when the whole is parsed strictly.
    """
    found = []
    report_file = folder / "hl7apy.txt"
    library = load_library("2.5.1")
    lines = message.decode("utf-8").rstrip("\r").split("\r")
    for number, line in enumerate(lines):
        fields = line.split("|")
        if fields[0] == "OBX" and fields[2] in {"FT", "ED"}:
            kind = library.get_base_datatypes()["FT" if fields[2] == "FT" else "TX"]
            try:
                kind(fields[5].split("^")[-1], validation_level=VALIDATION_LEVEL.STRICT)
            except HL7apyException as problem:
                if fields[2] == "FT":  # a document may be longer than TX
                    found.append(f"OBX-5: {problem}")
            lines[number] = "|".join([*fields[:5], "x" if fields[2] == "FT" else "a^b^c^Base64^x", *fields[6:]])
        if fields[0] == "NTE":
            lines[number] = "|".join([*fields[:3], "x"])
    try:
        text = "\r".join(lines) + "\r"
        whole = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
        whole.validate(report_file=str(report_file))
    except HL7apyException as problem:
        return [*found, f"{type(problem).__name__}: {problem}"]
    told = report_file.read_text(encoding="utf-8").splitlines()
    found += [line for line in told if line and not OLDER_TABLES.fullmatch(line.partition(": ")[2])]
    return found


def problems(message: bytes, report: Report) -> list[str]:
    """Everything that is wrong with the message as that report's."""
    try:
        message.decode("utf-8")
    except UnicodeDecodeError:
        return ["it is no UTF-8"]
    if broken := list(_bytes(message)):
        return broken
    return [*_envelope(message, report), *_order(message, report), *_results(message, report)]


def _bytes(message: bytes) -> Iterator[str]:
    text = message.decode("utf-8")
    if not text.endswith("\r"):
        yield "the last segment has no end"
    if re.search(r"[\x00-\x0c\x0e-\x1f\x7f]", text):
        yield "a control character stands in it"
    lines = text.split("\r")[:-1]
    for line in lines:
        name, _, rest = line.partition("|")
        if name not in ALLOWED or not rest.strip("|^~&"):
            yield f"segment {name!r} is empty or none of an ORU"
        odd = ESCAPE.sub("", rest.removeprefix("^~\\&"))
        if "\\" in odd:
            yield f"segment {name} has an escape sequence that is none"
    if [line[:3] for line in lines[:2]] != ["MSH", "PID"]:
        yield "it does not begin with MSH, PID"


def _envelope(message: bytes, report: Report) -> Iterator[str]:
    made = parsed(message)
    msh, pid = made.segment("MSH"), made.segment("PID")
    expected = {2: "^~\\&", 9: "ORU^R01^ORU_R01", 11: "P", 12: "2.5.1", 18: "UNICODE UTF-8"}
    for number, value in expected.items():
        if raw(msh, number) != value:
            yield f"MSH-{number} is {raw(msh, number)!r}, not {value!r}"
    if raw(msh, 7) != report.made_at.strftime("%Y%m%d%H%M%S%z"):
        yield "MSH-7 is not when the report was made, with its zone"
    if not 1 <= len(raw(msh, 10)) <= 20:
        yield "MSH-10 has 1 to 20 characters"
    patient = report.study.patient
    if patient.patient_id and unescaped(made, raw(pid, 3).split("^")[0]) != patient.patient_id.strip():
        yield "PID-3 is not the patient's number"
    if not raw(pid, 3) or not raw(pid, 5):
        yield "PID-3 and PID-5 are required"
    if patient.birth_date and raw(pid, 7) != patient.birth_date.replace("-", ""):
        yield "PID-7 is not the date of birth"
    family = (patient.name or "").split("=")[0].split("^")[0].strip()
    if unescaped(made, raw(pid, 5).split("~")[0].split("^")[0]) != family and (patient.name or "").split("=")[0]:
        yield "PID-5 is not the patient's name"


def _order(message: bytes, report: Report) -> Iterator[str]:
    made = parsed(message)
    obr, orc = made.segment("OBR"), made.segment("ORC")
    status = expected_status(report)
    accession = report.study.accession_number or ""
    if raw(orc, 1) != "RE" or (raw(orc, 2), raw(orc, 3)) != (raw(obr, 2), raw(obr, 3)):
        yield "ORC does not name the order that OBR names"
    if not raw(obr, 3) or not raw(obr, 4):
        yield "OBR-3 and OBR-4 are required"
    if report.request is None and unescaped(made, raw(obr, 18)) != accession:
        yield "OBR-18 is not the accession number"
    if raw(obr, 24) != "RAD" or raw(obr, 25) != status:
        yield f"OBR-24 is RAD and OBR-25 {status}"
    if bool(raw(obr, 32)) != (report.status in SIGNED):
        yield "OBR-32 names a human exactly where one signed"


def _results(message: bytes, report: Report) -> Iterator[str]:
    made = parsed(message)
    found, status = rows(made), expected_status(report)
    numbers = [raw(one, 1) for one in made.segments("OBX")]
    if numbers != [str(n) for n in range(1, len(found) + 1)]:
        yield "OBX-1 does not count"
    if any(row["status"] not in {status, "D"} for row in found):
        yield f"an OBX-11 is neither {status} nor D"
    twice = [key for key, n in Counter((r["code"], r["sub_id"]) for r in found).items() if n > 1]
    if twice:
        yield f"observations share code and sub-id: {twice}"
    uids = [row["value"] for row in found if row["code"] == "113014"]
    if report.study.study_uid and [unescaped(made, one) for one in uids] != [report.study.study_uid]:
        yield "the study UID is not that of the study"
    words = [row for row in found if row["code"] == "18782-3"]
    if not words or words[0]["kind"] != "FT" or not unescaped(made, words[0]["value"]).startswith(report.banner):
        yield "the narrative does not start with the banner"
    yield from _findings(found, report)


def _findings(found: list[dict[str, str]], report: Report) -> Iterator[str]:
    said = (Presence.PRESENT, Presence.UNCERTAIN)
    standing = [one.finding for one in (report.consensus.findings if report.consensus else ())]
    told = [one for one in standing if one.presence in said]
    main = [row for row in found if row["code"] == "59776-5" and row["status"] != "D"]
    if len(main) != len(told):
        yield f"{len(main)} findings for {len(told)}"
        return
    for row, one in zip(main, told, strict=True):
        group = {r["code"]: r for r in found if r["sub_id"] == row["sub_id"] and r["status"] != "D"}
        yield from _finding(row, group, one)
    yield from _fallen(found, report)


def _finding(row: dict[str, str], group: dict[str, dict[str, str]], one: Finding) -> Iterator[str]:
    if one.code not in row["value"]:
        yield f"{one.code} is not named"
    stated = None if one.calibrator_id is None or "/pooled/" in one.calibrator_id else one.probability
    if (float(row["probability"]) if row["probability"] else None) != (stated and round(stated, 4)):
        yield f"{one.code}: OBX-9 is not its probability"
    if row["flag"] not in {"A", "AA"}:
        yield f"{one.code}: OBX-8 is A or AA"
    sure = "52101004" if one.presence is Presence.PRESENT else "UNCERTAIN"
    if _first(group, "PRESENCE") != sure:
        yield f"{one.code}: its presence is missing or wrong"
    sides = {"left": "7771000", "right": "24028007", "bilateral": "51440002", "midline": "261129000", None: ""}
    if _first(group, "272741003") != sides[one.laterality and one.laterality.value]:
        yield f"{one.code}: its side is missing or wrong"
    if "112040" not in group:
        yield f"{one.code}: it has no tracking UID"


def _first(group: dict[str, dict[str, str]], code: str) -> str:
    return group[code]["value"].split("^")[0] if code in group else ""


def _fallen(found: list[dict[str, str]], report: Report) -> Iterator[str]:
    said = (Presence.PRESENT, Presence.UNCERTAIN)
    standing = [one.finding for one in (report.consensus.findings if report.consensus else ())]
    now = {(one.code, one.laterality) for one in standing if one.presence in said}
    earlier = [one.finding for one in (report.supersedes.findings if report.supersedes else ())]
    before = {(one.code, one.laterality) for one in earlier if one.presence in said}
    fallen = before - now
    gone = [row for row in found if row["code"] == "59776-5" and row["status"] == "D"]
    if len(gone) != len(fallen):
        yield f"{len(gone)} findings taken back for {len(fallen)}"
    if any(row["flag"] or row["probability"] for row in found if row["status"] == "D"):
        yield "what is taken back bears a flag or a probability"


def expected_status(report: Report) -> str:
    """OBR-25 and OBX-11 (tables 0123, 0085)."""
    if report.status is ReportStatus.PRELIMINARY:
        return "P"
    replaces = report.supersedes is not None and report.supersedes.status is not ReportStatus.PRELIMINARY
    return "C" if report.status is ReportStatus.REJECTED or replaces else "F"
