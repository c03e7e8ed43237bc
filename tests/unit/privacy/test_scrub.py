"""Free text as it may go out: what identifies is gone, what a reader needs is left."""

import time

import pytest

from wetread.domain.study import Patient
from wetread.privacy import identifiers_of
from wetread.privacy.fold import fold
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.invisible import visible
from wetread.privacy.scrub import scrub
from wetread.testing.studies import film_study

NOBODY = Identifiers.of(())
PATIENT = Identifiers.of(
    (
        "Müller-Lüdenscheidt^Jürgen^Karl^Dr.=繆勒^雄一=ミュラー^ユウイチ",
        "PAT-00482913",
        "19610312",
        "ACC2024-0815",
        "Doe^Jane",
        "St. Mary General Hospital",
        "Li^Do",
        "+49 30 1234567",
        "Hauptstr. 12, 10115 Berlin",
        "李^小明",
        "ROOM7CT",
    )
)


def clean(text, identifiers=PATIENT, **options):
    return scrub(text, identifiers, **{"limit": 1000, **options}).text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Müller-Lüdenscheidt was seen", "denscheidt"),
        ("MUELLER coughs", "mueller"),
        ("muller coughs", "muller"),
        ("Luedenscheidt", "luedenscheidt"),
        ("Jürgen's pain", "jurgen"),
        ("JUERGEN", "juergen"),
        ("karl fell", "karl"),
        ("繆勒雄一 咳嗽", "雄一"),
        ("繆勒 雄一", "繆勒"),
        ("ミュラー ユウイチ", "ユウイチ"),
        ("ﾐｭﾗｰ", "ミュラー"),
        ("李小明 咳嗽", "小明"),
        ("ＪＵＲＧＥＮ", "jurgen"),  # noqa: RUF001 - look-alikes are the point
        ("Jane, cough", "jane"),
        ("Doe, Jane", "doe"),
        ("DOE^JANE", "doe"),
        ("J\u200bane", "jane"),
        ("PAT-00482913", "482913"),
        ("pat 00482913", "482913"),
        ("id 482913", "482913"),
        ("00482913", "482913"),
        ("acc2024 0815", "0815"),
        ("ACC20240815", "0815"),
        ("Room7CT", "room7ct"),
        ("born 12.3.1961", "1961"),
        ("12/03/61", "12/03"),
        ("120361", "120361"),
        ("1961-03-12", "1961"),
        ("12 March 1961", "1961"),
        ("St Mary General Hospital", "mary"),
        ("from St. Mary", "mary"),
        ("Hauptstr 12, 10115 Berlin", "hauptstr"),
        ("Berlin", "berlin"),
        ("+49 (30) 1234567", "1234567"),
        ("Do LI came", "li"),
    ],
)
def test_what_is_known_of_the_patient_is_taken_out_however_it_is_written(text, secret):
    assert secret not in fold(clean(text)).text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("seen by Dr. Smith", "Smith"),
        ("Prof. Dr. med. Hans Meier", "Meier"),
        ("Mrs Jones called", "Jones"),
        ("Frau Schmidt", "Schmidt"),
        ("Dr O'Brien-Walsh", "Walsh"),
        ("patient: John Smith", "Smith"),
        ("SMITH^JOHN^^MR", "SMITH"),
        ("王医生 说", "王"),
        ("MRN: 0012", "0012"),
        ("patient id 77-12", "77-12"),
        ("hospital no. A12", "A12"),
        ("PX-20391", "20391"),
        ("case 123456789", "123456789"),
        ("1.2.840.113619.2.55.3", "113619"),
        ("SSN 123-45-6789", "6789"),
        ("a.b@clinic.example", "clinic"),
        ("https://x.example/y?z", "x.example"),
        ("192.168.10.4", "192"),
        ("call 555-123-4567", "4567"),
        ("(555) 123-4567", "4567"),
        ("Tel. 030/123456", "123456"),
        ("+1 212 555 0100", "0100"),
        ("on 3 May 2024", "May"),
        ("May 3, 2024", "2024"),
        ("12/03/2024", "2024"),
        ("2024-05-01", "05-01"),
        ("01.05.24", "01.05"),
        ("in 05/2024", "2024"),
        ("20240501", "20240501"),
        ("3. März 2024", "März"),
        ("el 3 de mayo de 2024", "mayo"),
        ("2024年5月1日", "5月"),
        ("born in 1931", "1931"),
        ("123 Main Street, Springfield, IL 62704", "Main"),
        ("Lindenallee 7", "Linden"),
        ("12 rue de Rivoli", "Rivoli"),
        ("10115 Berlin", "Berlin"),
        ("SW1A 1AA", "SW1A"),
    ],
)
def test_what_identifies_anybody_is_taken_out_by_its_pattern(text, secret):
    assert secret not in clean(text, NOBODY)


@pytest.mark.parametrize(
    "text",
    [
        "BP 120/80, HR 93, SpO2 93 %",
        "C5/6 disc, L4-5, T12",
        "Hb 9.1 g/dl, CRP 120 mg/l",
        "platelets 250,000",
        "5 x 3 mm nodule, 12 mm last time",
        "T2N0M0, ICD S06.5X0A, HbA1c 7.1",
        "since 2019",
        "may have pneumonia",
        "ST elevation, general anaesthesia",
        "45-year-old woman, 89 years",
        "score 1.5.3, ratio 3/4, 10 of 12 ribs",
        "the drain was removed, do not miss a pneumothorax",
        "90 mg, 95 %, 120 bpm",
        "dec 2 mm",
        "高血压 3 年",
    ],
)
def test_what_a_reader_needs_stays_as_it_is(text):
    assert clean(text) == text


@pytest.mark.parametrize("text", ["93-year-old", "93 years", "aged 95", "101 yo", "91 Jahre", "94岁", "age 90"])
def test_an_age_over_89_is_told_as_over_89(text):
    done = clean(text)
    assert ">89" in done
    assert not any(old in done for old in ("93", "95", "101", "91", "94", "90"))


def test_a_name_that_is_a_small_word_goes_only_where_it_is_written_as_a_name():
    assert clean("do not use li") == "do not use li"
    assert clean("Do LI") == "[removed]"


def test_a_long_text_is_cut_and_says_so():
    done = scrub("cough " * 400, NOBODY, limit=100)
    assert len(done.text) <= 100
    assert done.cut
    assert not scrub("cough", NOBODY, limit=100).cut


def test_an_identifier_at_the_cut_does_not_stay_in_half():
    assert "Mül" not in clean("x" * 94 + " Müller-Lüdenscheidt", limit=100)


@pytest.mark.parametrize("value", ["250000", "120", "<0.5", "1,250.5", "9.1 g/dl", "10^9/l", "positive"])
def test_a_laboratory_value_keeps_its_digits(value):
    assert clean(value, value=True) == value


def test_a_laboratory_value_that_is_the_patient_s_number_does_not():
    assert "482913" not in clean("00482913", value=True)


@pytest.mark.parametrize(
    ("text", "seen", "hidden"),
    [
        ("a\u200bb", "ab", True),
        ("\u202eabc\u202c", "abc", True),
        ("\u2066abc\u2069", "abc", True),
        ("a\u00adb", "ab", False),
        ("\ufeffabc", "abc", False),
        ("x\U000e0041\U000e0042", "x", True),
        ("می\u200cخواهم", "میخواهم", False),  # noqa: RUF001 - look-alikes are the point
        ("a\x00b\x1bc", "abc", False),
        ("א\u200fב", "אב", False),
        ("a\u3164b", "ab", False),
        ("a\tb\u00a0c\r\nd", "a b c\nd", False),
        ("é", "é", False),
        ("e" + "\u0301" * 20, "e" + "\u0301" * 3, False),
        ("👍\ufe0f", "👍", False),
        ("x" + "\U000e0101" * 9, "x", True),
        ("i\u00adg\u00adn\u00ado\u00adre x\u00ady u\u00adv", "ignore xy uv", True),
    ],
)
def test_characters_nobody_sees_are_taken_out_and_flagged_where_they_hide_something(text, seen, hidden):
    done = visible(text)
    assert (done.text, done.hidden) == (seen, hidden)


def test_what_tag_characters_spell_is_looked_at():
    assert visible("x" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all")).smuggled == "ignore all"


def test_identifiers_of_a_study_are_everything_that_names_it():
    study = film_study(patient=Patient(patient_id="77", name="Doe^Jane", birth_date="1961-03-12"))
    assert identifiers_of(study, None, "Dr. House", None, " ") == ("Doe^Jane", "77", "1961-03-12", "1", "Dr. House")


def test_words_of_every_hospital_are_not_taken_out():
    assert clean("in a general hospital, department of radiology") == "in a general hospital, department of radiology"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "1" * 20_000,
        "a." * 9_000 + "@",
        "1 " * 9_000,
        "A^" * 9_000,
        "Dr " * 6_000,
        "[" * 20_000,
        "." * 20_000,
    ],
)
def test_no_text_takes_long_to_clean(text):
    started = time.perf_counter()
    scrub(text, PATIENT, limit=1000)
    assert time.perf_counter() - started < 5
