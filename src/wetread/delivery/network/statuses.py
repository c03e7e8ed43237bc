"""What a status or failure reason says (PS3.4 table B.2-1, PS3.7 annex C, PS3.18 table I.2-2): taken, later, never."""

from enum import StrEnum

SUCCESS = 0x0000
DUPLICATE = 0x0111  # the node has an instance of that UID: ours, for no other has it
PROCESSING, RESOURCES, DUPLICATE_INVOCATION, CANCELLED = 0x0110, 0x0213, 0x0210, 0xFE00

WORDS = {
    0x0105: "no such attribute",
    0x0106: "an attribute value is invalid",
    0x0107: "attributes are not supported",
    PROCESSING: "processing failed",
    0x0112: "no such object",
    0x0117: "the object is invalid",
    0x0118: "no such SOP class",
    0x0119: "class and instance don't fit together",
    0x0120: "an attribute is missing",
    0x0121: "an attribute value is missing",
    0x0122: "the SOP class is not supported",
    0x0123: "no such action",
    0x0124: "not authorised",
    0x0131: "the transaction is known already",
    DUPLICATE_INVOCATION: "the message was sent twice",
    0x0211: "the operation is not known",
    0x0212: "a mistyped argument",
    RESOURCES: "out of resources",
    0xC122: "the transfer syntax is not supported",
}
FAMILIES = {0xA7: "out of resources", 0xA9: "the data set does not fit its SOP class"}


class Verdict(StrEnum):
    """What becomes of an object or question."""

    TAKEN = "taken"
    WARNED = "warned"  # taken, with changes
    LATER = "later"
    NEVER = "never"


def verdict_of(status: int) -> Verdict:
    """What a status means for whoever sent. Codes that nobody knows are tried again."""
    if status in {SUCCESS, DUPLICATE}:
        return Verdict.TAKEN
    if status >> 12 == 0xB or status in {0x0001, 0x0107, 0x0116}:
        return Verdict.WARNED
    if status >> 8 == 0xA7 or status in {PROCESSING, RESOURCES, DUPLICATE_INVOCATION, CANCELLED}:
        return Verdict.LATER
    if status >> 8 == 0xA9 or status >> 12 == 0xC or 0x0100 <= status < 0x0300:
        return Verdict.NEVER
    return Verdict.LATER


def told(status: int) -> str:
    """The status for people: `out of resources (A700)`."""
    words = WORDS.get(status) or FAMILIES.get(status >> 8)
    words = words or ("it can't be understood" if status >> 12 == 0xC else "refused")
    return f"{words} ({status:04X})"
