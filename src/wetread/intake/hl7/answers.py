"""Acknowledgements (HL7 v2.5.1, 2.9.2): what we did with a message, as its sender wants to be told."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from wetread.intake.hl7.message import CHARSET, SEQUENCE, UNSUPPORTED_VERSION, Delimiters, Header

US = "WETREAD"
LONGEST_WHY = 200
# HL7 table 0357
ERRORS = {
    "unparsable": ("207", "Application internal error"),
    "segments": ("100", "Segment sequence error"),
    SEQUENCE: ("100", "Segment sequence error"),
    CHARSET: ("102", "Data type error"),
    "type": ("200", "Unsupported message type"),
    UNSUPPORTED_VERSION: ("203", "Unsupported version id"),
    "sender": ("207", "Application internal error"),
    "locked": ("206", "Application record locked"),
}
UNKNOWN = Header(
    delimiters=Delimiters(),
    application="",
    facility="",
    receiver=(US, ""),
    kind="",
    control_id="",
    processing_id="P",
    version="2.5.1",
    charset="",
    accept="",
    application_accept="",
)
NEVER = "NE"  # table 0155


class Verdict(StrEnum):
    """What became of a message (table 0008)."""

    ACCEPTED = "AA"  # it and its effect, or that a human must look at it, are safe
    ERROR = "AE"  # not now: send it again
    REJECTED = "AR"  # never: sending it again does not help


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A verdict with its reason; `kind` chooses the error code. The reason names no patient."""

    verdict: Verdict
    kind: str = "unparsable"
    why: str = ""


def acknowledgement(answer: Answer, header: Header | None, now: datetime) -> bytes | None:
    """The ACK, in UTF-8; None where the sender wants none (MSH-15, MSH-16)."""
    head = header or UNKNOWN
    if (code := _code(answer.verdict, head)) is None:
        return None
    made = hashlib.sha256(f"{head.application}|{head.control_id}|{now.isoformat()}|{code}".encode()).hexdigest()[:20]
    event = head.kind.partition("^")[2]
    at = now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    kind = f"ACK^{_escaped(event)}^ACK" if event else "ACK"
    us, facility = head.receiver
    names = (us or US, facility, head.application, head.facility)
    first = ["MSH", "^~\\&", *map(_escaped, names), at, "", kind, made, _escaped(head.processing_id or "P"), "2.5.1"]
    segments = ["|".join([*first, "", "", "", "", "", "UNICODE UTF-8"]), f"MSA|{code}|{_escaped(head.control_id)}"]
    if answer.verdict is not Verdict.ACCEPTED:
        number, text = ERRORS[answer.kind]
        segments.append(f"ERR|||{number}^{text}^HL70357|E||||{_escaped(answer.why[:LONGEST_WHY])}")
    return ("\r".join(segments) + "\r").encode()


def _code(verdict: Verdict, header: Header) -> str | None:
    """AA, AE, AR; in enhanced mode (2.9.3) CA, CE, CR where only that we took it is asked for."""
    if not header.accept and not header.application_accept:
        return verdict.value
    if header.application_accept not in {"", NEVER}:
        return _wanted(verdict, header.application_accept, "A")
    return _wanted(verdict, header.accept or NEVER, "C")


def _wanted(verdict: Verdict, condition: str, letter: str) -> str | None:
    good = verdict is Verdict.ACCEPTED
    if condition == NEVER or (condition == "ER" and good) or (condition == "SU" and not good):
        return None
    return letter + verdict.value[1]


def _escaped(text: str) -> str:
    for mark, name in (("\\", "E"), ("|", "F"), ("^", "S"), ("~", "R"), ("&", "T")):
        text = text.replace(mark, f"\\{name}\\")  # the escape character first
    return text.replace("\r", " ").replace("\n", " ")
