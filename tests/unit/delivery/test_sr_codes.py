"""The table of codes: every pair of code and meaning is the one that the standard gives."""

import tomllib

import pytest
from pydicom.sr._concepts_dict import concepts

from sr_rules import ALSO
from wetread.delivery.objects import codes
from wetread.domain.clinical_data import load_vocabulary, shipped

TABLES = {name: table for name, table in tomllib.loads(shipped("dicom_codes.toml")).items() if isinstance(table, dict)}
ROWS = [(table, key, *row) for table, rows in TABLES.items() for key, row in rows.items()]


def meanings(scheme: str, code: str) -> set[str]:
    return {by_code[code][0].lower() for by_code in concepts.get(scheme, {}).values() if code in by_code}


@pytest.mark.parametrize(("table", "key", "code", "scheme", "meaning"), ROWS, ids=[f"{r[0]}.{r[1]}" for r in ROWS])
def test_a_code_means_what_the_standard_says(table, key, code, scheme, meaning):
    assert len(meaning) <= 64
    if scheme == codes.OWN_SCHEME:
        assert table == "own"
        assert len(code) <= 16
    elif scheme == "UCUM" and not meanings(scheme, code):
        assert meaning == code
    else:
        assert meaning.lower() in meanings(scheme, code) or ALSO.get((scheme, code)) == meaning


def test_our_own_codes_are_all_different():
    own = [code for _, _, code, scheme, _ in ROWS if scheme == codes.OWN_SCHEME]
    assert len(own) == len(set(own))


def test_every_finding_of_the_vocabulary_has_a_code_and_a_meaning_that_fit():
    for term in load_vocabulary():
        item = codes.item(codes.code_of(term, term.code), same_as=codes.own_code(term, term.code))
        assert ("CodeValue" in item) != ("LongCodeValue" in item)
        assert 0 < len(item.CodeMeaning) <= 64
        exact = term.coding is not None and term.coding.match == "exact"
        assert (item.CodingSchemeDesignator != codes.OWN_SCHEME) == exact


def test_the_vocabularys_public_codes_mean_what_the_dictionary_says():
    for term in load_vocabulary():
        if term.coding is not None and (known := meanings(term.coding.system, term.coding.code)):
            assert term.coding.meaning.lower() in known, term.code
