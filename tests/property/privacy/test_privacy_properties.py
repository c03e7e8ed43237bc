"""No identifier survives, whatever it stands in; a clean text stays clean; misread phrases are told."""

import re
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.clinical_data import shipped
from wetread.privacy.fold import fold
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.injection import _nearly, patterns
from wetread.privacy.invisible import visible
from wetread.privacy.scrub import scrub

LETTERS = "abcdefghijklmnoprstuvwzäöüéñçßø"
names = st.text(alphabet=LETTERS, min_size=3, max_size=12).filter(lambda word: len(fold(word).text) >= 3)
numbers = st.text(alphabet="0123456789", min_size=5, max_size=12).filter(lambda digits: len(digits.lstrip("0")) >= 4)
texts = st.text(max_size=80)
PLACEHOLDERS = {"removed", "name", "date", "link", "phone", "number", "address"}
COMMON = set(tomllib.loads(shipped("egress.toml"))["not_identifying"]["words"]) | PLACEHOLDERS  # the policy's own words


def shown(text, *values):
    return fold(scrub(text, Identifiers.of(values), limit=10_000).text).text


@settings(max_examples=200)
@given(
    family=names, given_name=names, before=texts, after=texts, form=st.sampled_from([str.upper, str.lower, str.title])
)
def test_no_part_of_a_name_survives_in_any_text(family, given_name, before, after, form):
    told = shown(f"{before} {form(family)}, {form(given_name)} {after}", f"{family}^{given_name}")
    for part in (family, given_name):
        word = fold(part).text
        if word not in COMMON:
            assert not re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", told)


@settings(max_examples=200)
@given(number=numbers, before=texts, after=texts, gap=st.sampled_from(["", " ", "-", "/", "."]))
def test_no_number_of_the_patient_survives_in_any_text(number, before, after, gap):
    middle = len(number) // 2
    told = shown(f"{before} {number[:middle]}{gap}{number[middle:]} {after}", number)
    assert number not in re.sub(
        r"[\W_]", "", scrub(f"x {number[:middle]}{gap}{number[middle:]} y", Identifiers.of((number,)), limit=99).text
    )
    assert f" {number} " not in told


@given(texts)
def test_a_clean_text_stays_clean(text):
    once = scrub(text, Identifiers.of(("Doe^Jane", "00482913")), limit=10_000)
    again = scrub(once.text, Identifiers.of(("Doe^Jane", "00482913")), limit=10_000)
    assert not again.hidden
    assert visible(once.text).text == once.text


@given(texts, st.integers(2, 60))
def test_no_text_is_longer_than_its_limit(text, limit):
    assert len(scrub(text, Identifiers.of(()), limit=limit).text) <= limit


@given(texts)
def test_every_folded_letter_knows_where_it_stood(text):
    folded = fold(text)
    assert len(folded.text) == len(folded.places)
    assert all(
        fold(text[place]).text.find(letter) >= 0 for letter, place in zip(folded.text, folded.places, strict=True)
    )


def edits(phrase, text):
    """The least edit distance of a phrase to any part of a text, cell by cell."""
    row = [0] * (len(text) + 1)
    for number, letter in enumerate(phrase, 1):
        above, row = row, [number]
        for place, other in enumerate(text, 1):
            row.append(min(above[place] + 1, row[place - 1] + 1, above[place - 1] + (letter != other)))
    return min(row)


@settings(max_examples=300)
@given(st.text(alphabet="abc", min_size=12, max_size=20), st.text(alphabet="abcd", max_size=30))
def test_nearly_the_phrase_is_told_by_the_edit_distance(phrase, text):
    known = patterns()
    assert _nearly(phrase, text, known) == (
        edits(phrase, text) <= int(len(phrase) * known.misread_share) and bool(text)
    )


@settings(max_examples=300)
@given(st.text(alphabet="abc", min_size=12, max_size=20), st.data())
def test_a_phrase_with_a_few_wrong_letters_is_still_told(phrase, data):
    letters = list(phrase)
    for _ in range(int(len(phrase) * patterns().misread_share)):
        letters[data.draw(st.integers(0, len(letters) - 1))] = data.draw(st.sampled_from("abcd"))
    assert _nearly(phrase, "dd" + "".join(letters) + "dd", patterns())
