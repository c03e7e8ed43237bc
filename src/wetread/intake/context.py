"""Clinical context from a JSON file, checked at the door.

Either one object, which applies to every study, or one object a study::

    {"studies": {"<Study Instance UID or file name>": {...}, "*": {...}}}

Every field is optional:

=================== ==================================================================================
age                 years, as a number (61) or a DICOM age string ("061Y", "006M", "010D")
sex                 "M", "F" or "O" (male, female, other)
chief_complaint     text
clinical_question   text
symptoms            list of texts, or one text
history             list of texts, or one text
labs                list of {"name", "value", "unit", "flag"}, or an object {"CRP": 120, "Hb": "9.1 g/dl"}
priors              earlier reports: list of {"date": "2024-05-01", "text"} or of texts
accession_number    text
priority            stat (S), emergency, urgent (A, asap), routine (R)
=================== ==================================================================================

A field of any other name is refused.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from wetread.dicom.geometry import OLDEST_YEARS, parse_age
from wetread.domain.order import Laboratory, Order, OrderPriority, PriorReport
from wetread.errors import ContextInvalid

EVERY_STUDY = "*"
LARGEST_FILE_BYTES = 4 << 20
SCHEMA = "see docs/reference/context.md for the fields"
PRIORITIES = {
    "s": OrderPriority.STAT,
    "stat": OrderPriority.STAT,
    "emergency": OrderPriority.EMERGENCY,
    "e": OrderPriority.EMERGENCY,
    "urgent": OrderPriority.URGENT,
    "asap": OrderPriority.URGENT,
    "a": OrderPriority.URGENT,
    "routine": OrderPriority.ROUTINE,
    "r": OrderPriority.ROUTINE,
}  # HL7 table 0485 and DICOM (0040,1003)
SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O", "other": "O"}


def _age(value: object) -> object:
    if isinstance(value, str):
        years = parse_age(value)
        return value if years is None else years
    return value


def _sex(value: object) -> object:
    if isinstance(value, str):
        if value.strip().lower() not in SEXES:
            raise ValueError("M, F or O is expected")
        return SEXES[value.strip().lower()]
    return value


def _priority(value: object) -> object:
    if isinstance(value, str):
        if value.strip().lower() not in PRIORITIES:
            raise ValueError("stat, emergency, urgent or routine is expected")
        return PRIORITIES[value.strip().lower()]
    return value


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _labs(value: object) -> object:
    if isinstance(value, dict):
        return [{"name": name, "value": result} for name, result in value.items()]
    return value


def _prior(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


def _as_text(value: object) -> object:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}" if isinstance(value, float) else str(value) if number else value


def _is_date(value: str | None) -> str | None:
    if value is not None:
        date.fromisoformat(value)
    return value


Word = Annotated[str, BeforeValidator(_as_text), StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_several), Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Laboratory(_Strict):
    name: Word
    value: Word
    unit: Word | None = None
    flag: Word | None = None


class _Prior(_Strict):
    date: Annotated[str | None, BeforeValidator(_is_date)] = None
    text: Text


class _Context(_Strict):
    age: Annotated[float | None, BeforeValidator(_age), Field(ge=0, le=OLDEST_YEARS)] = None
    sex: Annotated[str | None, BeforeValidator(_sex)] = None
    chief_complaint: Text | None = None
    clinical_question: Text | None = None
    symptoms: Texts = ()
    history: Texts = ()
    labs: Annotated[tuple[_Laboratory, ...], BeforeValidator(_labs), Field(max_length=500)] = ()
    priors: Annotated[
        tuple[Annotated[_Prior, BeforeValidator(_prior)], ...], BeforeValidator(_several), Field(max_length=100)
    ] = ()
    accession_number: Word | None = None
    priority: Annotated[OrderPriority | None, BeforeValidator(_priority)] = None

    def order(self) -> Order:
        """The same as a domain object."""
        return Order(
            priority=self.priority,
            accession_number=self.accession_number,
            age_years=self.age,
            sex=self.sex,
            clinical_question=self.clinical_question,
            chief_complaint=self.chief_complaint,
            symptoms=self.symptoms,
            history=self.history,
            laboratory=tuple(Laboratory(**lab.model_dump()) for lab in self.labs),
            priors=tuple(PriorReport(date=prior.date, text=prior.text) for prior in self.priors),
        )


def read_context(path: Path) -> Mapping[str, Order]:
    """Orders by Study Instance UID or file name; `*` is for every study that has none of its own.

    Raises: ContextInvalid naming the field.
    """
    content = _load(path)
    studies = {EVERY_STUDY: content}
    if "studies" in content:
        if len(content) > 1 or not isinstance(content["studies"], dict):
            raise ContextInvalid(str(path), "'studies' must be the only field, an object a study", SCHEMA)
        studies = content["studies"]
    return {key: _order(value, path, "" if key == EVERY_STUDY else f"studies.{key}.") for key, value in studies.items()}


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ContextInvalid(str(path), f"it has more than {LARGEST_FILE_BYTES:,} bytes", "shorten it")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ContextInvalid(str(path), f"it can't be read ({error.strerror})", "check the name") from error
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ContextInvalid(str(path), f"it is not valid JSON{where}", "check quotes and commas") from error
    if not isinstance(content, dict):
        raise ContextInvalid(str(path), "it must hold one JSON object", SCHEMA)
    return content


def _order(value: object, path: Path, prefix: str) -> Order:
    """The checked order; the message names fields, never what stands in them."""
    try:
        return _Context.model_validate(value).order()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = prefix + ".".join(map(str, first["loc"])) or "the context"
        raise ContextInvalid(str(path), f"field {field}: {first['msg']}", SCHEMA) from None
