"""The codes that DICOM objects are written with, from `clinical/dicom_codes.toml`; never a literal in code."""

import tomllib
from dataclasses import dataclass
from functools import cache

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.delivery.made import uid_of
from wetread.delivery.objects.clean import printable
from wetread.domain.clinical_data import shipped
from wetread.domain.vocabulary import Coding, Term

OWN_SCHEME = "99WETREAD"
LONGEST_CODE = 16  # of Code Value (0008,0100), an SH; what is longer is a Long Code Value (0008,0119), PS3.3 8.1
LONGEST_MEANING = 64


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept: `Code("121071", "DCM", "Finding")`."""

    value: str
    scheme: str
    meaning: str


@cache
def _tables() -> dict[str, dict[str, Code]]:
    tables = tomllib.loads(shipped("dicom_codes.toml"))
    return {
        name: {key: Code(*row) for key, row in table.items()}
        for name, table in tables.items()
        if isinstance(table, dict)
    }


def concept(name: str) -> Code:
    """A published concept by its keyword.

    Raises: KeyError naming it.
    """
    return _tables()["concepts"][name]


def own(name: str) -> Code:
    """A concept of our own by its keyword.

    Raises: KeyError naming it.
    """
    return _tables()["own"][name]


def listed(table: str, key: str) -> Code | None:
    """A code of another table (actionable, laterality, regions, units, predecessors), None where it has none."""
    return _tables()[table].get(key)


def code_of(term: Term | None, code: str) -> Code:
    """What a finding is called in an object: the published code where it says the same, else our own.

    A broader or narrower published code would claim something else than was found.
    """
    if term and term.coding and term.coding.match == "exact":
        return _published(term.coding)
    return own_code(term, code)


def own_code(term: Term | None, code: str) -> Code:
    """A finding under our own scheme; its code is that of the vocabulary, whole, as in every other output."""
    return Code(code, OWN_SCHEME, term.label if term else code)


def category_of(term: Term | None) -> Code | None:
    """The published code that a finding falls under, where it only has a broader one."""
    broader = term is not None and term.coding is not None and term.coding.match == "broader"
    return _published(term.coding) if broader and term and term.coding else None


def _published(coding: Coding) -> Code:
    return Code(coding.code, coding.system, coding.meaning)


def item(code: Code, *, same_as: Code | None = None) -> Dataset:
    """A code as an item of a sequence (PS3.3 table 8.8-1); `same_as` is another code for the very same."""
    made = Dataset()
    value = printable(code.value, 10240)
    setattr(made, "CodeValue" if len(value) <= LONGEST_CODE else "LongCodeValue", value)
    made.CodingSchemeDesignator = code.scheme
    made.CodeMeaning = printable(code.meaning, LONGEST_MEANING) or "unnamed"
    if same_as is not None and same_as != code:
        made.EquivalentCodeSequence = Sequence([item(same_as)])
    return made


def items(*codes: Code) -> Sequence:
    """Codes as a sequence."""
    return Sequence([item(code) for code in codes])


def own_scheme() -> Dataset:
    """The declaration of our own codes (PS3.3 C.12.1.1.1)."""
    made = Dataset()
    made.CodingSchemeDesignator = OWN_SCHEME
    made.CodingSchemeUID = uid_of("coding scheme", OWN_SCHEME)
    made.CodingSchemeName = "wetread findings and states"
    made.CodingSchemeResponsibleOrganization = "wetread"
    return made
