"""The JSON schema of an answer: strict, flat, and within what every provider's constrained decoding accepts.

All properties are required and none may be added; there are no references, patterns or limits, few unions, and
"not stated" is a word of an enumeration, since some providers take no null among enumerated strings.
"""

from collections.abc import Sequence
from typing import Any

PRESENCES = ("present", "uncertain", "absent", "not_assessable")
SIDES = ("left", "right", "bilateral", "midline", "not_stated")
SEVERITIES = ("mild", "moderate", "severe", "not_stated")
CHANGES = ("new", "increased", "unchanged", "decreased", "resolved", "not_stated")
GRADES = ("diagnostic", "limited", "non_diagnostic")
ISSUES = (
    "rotation", "motion", "under_exposure", "over_exposure", "low_inspiration", "cropped", "artefact", "wrong_window",
    "low_resolution", "text_over_anatomy", "other",
)  # fmt: skip
URGENCIES = ("P1", "P2", "P3", "P4", "P5", "not_stated")
GRID_COLUMNS = "ABCDEFGH"
GRID_ROWS = "12345678"
GRID = (*(f"{column}{row}" for row in GRID_ROWS for column in GRID_COLUMNS), "none")

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}


def answer_schema(codes: Sequence[str]) -> Schema:
    """The schema of an answer to a checklist of `codes`.

    The codes stand there twice, not a third time: `not_assessable` is what a code counts as that is not answered.
    """
    code = _one_of(codes)
    return _object(
        quality=_object(grade=_one_of(GRADES), issues=_list(_one_of(ISSUES))),
        findings=_list(_finding(code)),
        absent=_list(code),
        not_assessable=_list(TEXT),
        other_findings=_list(_object(text=TEXT, critical=FLAG)),
        urgency=_one_of(URGENCIES),
        impression=_list(_object(text=TEXT, codes=_list(TEXT))),
        differential=_list(_diagnosis()),
        recommendations=_list(_recommendation()),
        abstain=_or_null("string"),
    )


def synthesis_schema() -> Schema:
    """The schema of a summing-up, which can name no finding."""
    return _object(
        impression=_list(_object(text=TEXT, codes=_list(TEXT))),
        differential=_list(_diagnosis()),
        recommendations=_list(_recommendation()),
        urgency=_one_of(URGENCIES),
    )


def _finding(code: Schema) -> Schema:
    return _object(
        code=code,
        presence=_one_of(PRESENCES),
        confidence=_or_null("integer"),
        side=_one_of(SIDES),
        image=_or_null("integer"),
        grid=_one_of(GRID),
        box=_list({"type": "integer"}),
        location=TEXT,
        severity=_one_of(SEVERITIES),
        size_mm=_or_null("number"),
        change=_one_of(CHANGES),
        rationale=TEXT,
        critical=FLAG,
    )


def _diagnosis() -> Schema:
    return _object(
        condition=TEXT, probability=_or_null("integer"), reasoning=TEXT, supports=_list(TEXT), against=_list(TEXT)
    )


def _recommendation() -> Schema:
    return _object(text=TEXT, modality=_or_null("string"), timeframe=_or_null("string"))


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_of(words: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(words)}


def _or_null(kind: str) -> Schema:
    return {"type": [kind, "null"]}
