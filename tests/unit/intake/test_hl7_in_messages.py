"""What HL7 messages say: delimiters, escapes, character sets, orders, patients, merges."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from wetread.domain.order import OrderPriority
from wetread.domain.ordered import Control, Demographics, Merged, Ordered
from wetread.domain.waiting import PatientClass
from wetread.intake.hl7.answers import Answer, Verdict, acknowledgement
from wetread.intake.hl7.message import Delimiters, MessageInvalid, parse, read_header, unescaped
from wetread.intake.hl7.reading import is_known, read
from wetread.intake.hl7.tables import tables

UID = "1.2.826.0.1.42"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORDER = (
    "MSH|^~\\&|RIS|H|WETREAD|H|20260302120000||ORM^O01|m1|P|2.5.1||||||UNICODE UTF-8",
    "PID|||77^^^H^MR~99^^^X^SS||Müller^Anna^B^^Dr||19610203|F",
    "PV1||E",
    "ORC|NW|PL1^RIS|FI1^RIS||SC||^^^20260302130000^^S||20260302115900|||123^House^Greg",
    "OBR|1|PL1|FI1|CTHEAD^CT head^L|||||||||fell from a ladder|||123^House^Greg||ACC9||||||CT|||^^^^^S||||^fall",
    f"ZDS|{UID}^100^Application^DICOM",
)


def told(*lines, encoding="utf-8", charset="utf-8"):
    return read(parse("\r".join(lines).encode(charset), encoding=encoding))


def order(**changed):
    """The order with whole segments changed by their name."""
    (found,) = told(*(changed.get(line[:3], line) for line in ORDER if changed.get(line[:3], line)))
    return found


def test_an_order_says_who_what_when_and_how_soon():
    found = order()
    assert isinstance(found, Ordered)
    assert (found.source, found.number, found.control) == ("hl7:RIS", "PL1", Control.NEW)
    assert found.study_uid == UID
    assert found.accession_number == "ACC9"
    assert found.order.priority is OrderPriority.STAT
    assert found.order.clinical_question == "fall"
    assert found.order.history == ("fell from a ladder",)
    assert found.modality == "CT"
    assert found.patient_class is PatientClass.EMERGENCY
    assert found.patient.patient_id == "77"
    assert found.patient.name == "Müller^Anna^B^Dr"
    assert (found.patient.birth_date, found.patient.sex) == ("1961-02-03", "F")
    assert found.request.provider == ("123", "House", "Greg")
    assert (found.request.procedure.text, found.request.procedure.code) == ("CT head", "CTHEAD")


@pytest.mark.parametrize(
    ("ipc", "obr", "orc", "accession"),
    [
        ("IPC|A-IPC", "OBR|1|P|F||||||||||||||||A-18", "ORC|NW|P|F", "A-IPC"),
        (None, "OBR|1|P|F|||||||||||||||A-18", "ORC|NW|P|F", "A-18"),
        (None, "OBR|1|P|F-OBR", "ORC|NW|P|F-ORC", "F-OBR"),
        (None, None, "ORC|NW|P|F-ORC", "F-ORC"),
        (None, None, "ORC|NW|P", None),
    ],
)
def test_the_accession_number_is_taken_from_the_best_place_there_is(ipc, obr, orc, accession):
    lines = [ORDER[0], ORDER[1], orc, obr, ipc]
    (found,) = told(*filter(None, lines))
    assert found.accession_number == accession


@pytest.mark.parametrize(
    ("orc", "control"),
    [
        ("ORC|NW|1", Control.NEW),
        ("ORC||1", Control.NEW),
        ("ORC|XO|1", Control.CHANGE),
        ("ORC|SC|1|||IP", Control.CHANGE),
        ("ORC|SC|1|||CA", Control.CANCEL),
        ("ORC|CA|1", Control.CANCEL),
        ("ORC|DC|1", Control.CANCEL),
        ("ORC|OC|1", Control.CANCEL),
    ],
)
def test_the_order_control_says_whether_it_stands(orc, control):
    assert told(ORDER[0], orc)[0].control is control


@pytest.mark.parametrize(
    ("lines", "priority"),
    [
        (["ORC|NW|1", "TQ1|1||||||||S^Stat^HL70485"], OrderPriority.STAT),
        (["ORC|NW|1|||||^^^^^A"], OrderPriority.URGENT),
        (["ORC|NW|1", "OBR|1||||S"], OrderPriority.STAT),
        (["ORC|NW|1|||||^^^^^R", "TQ1|1||||||||S"], OrderPriority.STAT),
        (["ORC|NW|1", "TQ1|1||||||||R"], OrderPriority.ROUTINE),
        (["ORC|NW|1", "TQ1|1||||||||whatever"], None),
    ],
)
def test_of_several_priorities_the_most_urgent_counts(lines, priority):
    assert told(ORDER[0], *lines)[0].order.priority is priority


def test_steps_of_several_studies_are_several_orders_and_keep_their_names_when_told_again():
    lines = (ORDER[0].replace("ORM^O01", "OMI^O23"), "ORC|NW|P", "IPC|A|R1|1.2.3||CT", "IPC|A|R2|1.2.4||CT")
    first, second = told(*lines)
    assert (first.study_uid, second.study_uid) == ("1.2.3", "1.2.4")
    assert first.order_id != second.order_id
    assert [one.order_id for one in told(*lines)] == [first.order_id, second.order_id]


def test_several_orders_in_one_message_keep_what_is_theirs():
    first, second = told(ORDER[0], ORDER[1], "ORC|NW|A", "OBR|1|A||x||||||||||||||AC1", "ORC|NW|B", "OBR|2|B")
    assert (first.number, second.number) == ("A", "B")
    assert second.accession_number is None


def test_times_with_and_without_a_zone_are_moments():
    plus = timezone(timedelta(hours=2))
    lines = (ORDER[0], "ORC|NW|1|||||||202603021200+0200", "TQ1|1||||||20260302140000")
    (found,) = read(parse("\r".join(lines).encode(), encoding="utf-8"), zone=plus)
    assert found.request.requested_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert found.scheduled_at == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_date_alone_is_no_moment_and_half_a_birth_date_is_none():
    (found,) = told(ORDER[0], "PID|||1||A^B||1961|F", "ORC|NW|1", "TQ1|1||||||20260302")
    assert found.scheduled_at is None
    assert found.patient.birth_date is None


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two", "one\ntwo"),
        (r"\H\bold\N\ text", "bold text"),
        (r"\X0041\x", "\x00Ax"),
        (r"\XC3A9\x", "éx"),
        (r"\Zlocal\left", "left"),
        ("lone \\ escape", "lone \\ escape"),
        (r"<script>\T\amp;", "<script>&amp;"),
    ],
)
def test_escape_sequences_are_undone(escaped, plain):
    assert unescaped(escaped, Delimiters()) == plain


def test_delimiters_of_the_message_itself_count():
    (found,) = read(parse(b"MSH#*?%!#A#F#B#F#20260302##ADT*A08#1#P#2.5\rPID###7##O%F%N*Jo", encoding="utf-8"))
    assert found.patient.name == "O#N^Jo"


@pytest.mark.parametrize(
    ("charset", "codec", "name", "expected"),
    [
        ("UNICODE UTF-8", "utf-8", "山田^太郎", "山田^太郎"),
        ("8859/1", "latin-1", "Müller^Jürgen", "Müller^Jürgen"),
        ("8859/5", "iso8859_5", "Иванов^Пётр", "Иванов^Пётр"),
        ("GB 18030-2000", "gb18030", "王^小东", "王^小东"),
        ("GB 18030-2000", "gb18030", "镕^齃", "镕^齃"),
        ("~ISO IR87", "utf-8", "plain^name", "plain^name"),
        ("ISO IR87", "iso2022_jp_2", "ヤマダ^タロウ", "ヤマダ^タロウ"),
        ("", "utf-8", "Ærø^Å", "Ærø^Å"),
    ],
)
def test_names_arrive_in_the_character_set_that_the_message_says(charset, codec, name, expected):
    head = ORDER[0].replace("ORM^O01", "ADT^A08").replace("UNICODE UTF-8", charset)
    (found,) = told(head, f"PID|||7||{name}", charset=codec)
    assert isinstance(found, Demographics)
    assert found.patient.name == expected


def test_japanese_names_in_three_scripts_are_one_dicom_name():
    head = ORDER[0].replace("ORM^O01", "ADT^A08")
    (found,) = told(head, "PID|||7||山田^太郎^^^^^L^I~ヤマダ^タロウ^^^^^L^P~Yamada^Tarou^^^^^L^A")
    assert found.patient.name == "Yamada^Tarou=山田^太郎=ヤマダ^タロウ"


@pytest.mark.parametrize(
    ("charset", "data"),
    [("UNICODE UTF-8", b"M\xfcller"), ("ASCII", b"M\xc3\xbc"), ("8859/1", b"\xe2\x80\x93"), ("", b"\xff")],
)
def test_a_byte_that_is_no_text_is_a_problem_and_no_wrong_letter(charset, data):
    head = ORDER[0].replace("UNICODE UTF-8", charset).encode()
    with pytest.raises(MessageInvalid, match="no text of its character set") as caught:
        parse(head + b"\rPID|||7||" + data, encoding="utf-8")
    assert caught.value.kind == "charset"


def test_an_unknown_character_set_is_a_problem():
    with pytest.raises(MessageInvalid, match="do not know its character set"):
        parse(ORDER[0].replace("UNICODE UTF-8", "KOI8").encode(), encoding="utf-8")


@pytest.mark.parametrize("event", ["A40", "A18", "A34", "A36", "A47"])
def test_a_merge_names_the_number_that_stays_and_the_one_that_goes(event):
    (found,) = told(ORDER[0].replace("ORM^O01", f"ADT^{event}"), "PID|||new^^^H||A^B", "MRG|old^^^H")
    assert isinstance(found, Merged)
    assert (found.patient.patient_id, found.gone) == ("new", "old")


def test_a_message_of_several_merges_pairs_each_with_its_patient():
    lines = ("PID|||n1", "MRG|o1", "PID|||n2", "MRG|o2")
    found = told(ORDER[0].replace("ORM^O01", "ADT^A40"), *lines)
    assert [(one.patient.patient_id, one.gone) for one in found] == [("n1", "o1"), ("n2", "o2")]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["ADT^A08"], "no PID"),
        (["ADT^A08", "PID|||"], "names no patient"),
        (["ADT^A40", "PID|||1"], "no MRG"),
        (["ADT^A40", "PID|||1", "MRG|1"], "same number twice"),
        (["ADT^A40", "MRG|1"], "lacks the number that stays"),
        (["ORM^O01", "PID|||1"], "no ORC"),
        (["ORM^O01", "ORC|NW"], "has no number"),
        (["ORM^O01", "ORC|QQ|1"], "order control"),
        (["ORM^O01", "ORC|NW|1", "ZDS|not a uid"], "ZDS-1 is no UID"),
        (["ADT^A08", "PID|||" + "9" * 129], "129 characters"),
    ],
)
def test_what_can_not_be_used_is_said_by_its_segment(lines, problem):
    with pytest.raises(MessageInvalid, match=problem):
        told(ORDER[0].replace("ORM^O01", lines[0]), *lines[1:])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "does not begin with MSH"),
        (b"\x00" * 100, "does not begin with MSH"),
        (b"GET / HTTP/1.1\r\n\r\n", "does not begin with MSH"),
        (b"MSH|", "does not begin with MSH"),
        (b"MSH|||||", "separators"),
        (b"MSH|^~\\&|A|B|||||ADT^A08|1|P|3.0", "no version 2"),
        (b"MSH|^~\\&|A|B|||||ADT^A08|1|P|2.5\rnonsense", "no segment"),
        (b"MSH|^~\\&|A|B|||||ADT^A08|1|P|2.5\rPID|||\x00", "NUL"),
        (b"MSH|^~\\&|A|B|||||ADT^A08|1|P|2.5\rMSH|^~\\&|A", "several messages"),
        (b"MSH|^~\\&|A|B|||||ADT^A08|1|P|2.5" + b"\rNTE|" * 20_001, "segments"),
    ],
)
def test_bytes_that_are_no_message_are_said_to_be_none(data, problem):
    with pytest.raises(MessageInvalid, match=problem):
        parse(data, encoding="utf-8")


def test_ten_thousand_repetitions_cost_no_more_than_their_length():
    names = "~".join(f"{number}^^^H" for number in range(10_000))
    began = time.process_time()
    found = told(ORDER[0].replace("ORM^O01", "ADT^A08"), f"PID|||{names}||" + "A^" * 100_000)
    assert found[0].patient.patient_id == "0"
    assert time.process_time() - began < 10


def test_without_carriage_returns_the_lines_of_a_file_are_read_too():
    (found,) = read(parse("\n".join(ORDER).encode(), encoding="utf-8"))
    assert found == order()


def test_every_shared_message_is_understood_refused_by_its_type_or_a_clear_problem(shared):
    files = [path for path in sorted((shared / "messages" / "hl7").iterdir()) if path.suffix != ".jsonl"]
    came = Counter(_end(path.read_bytes()) for path in files)
    assert len(files) == 167 == came.total()
    assert came["told"] == 44
    assert came["another type"] == 113
    assert came["problem"] == 10


def _end(data: bytes) -> str:
    try:
        message = parse(data, encoding="utf-8")
        if not is_known(message.header.kind):
            return "another type"
        return "told" if read(message) else "nothing"
    except MessageInvalid as problem:
        return "problem" if problem.problem else "unclear"


def test_an_answer_names_the_message_and_says_why_not():
    header = read_header("\r".join(ORDER).encode())
    good = acknowledgement(Answer(verdict=Verdict.ACCEPTED), header, NOW).decode()
    assert good.split("\r")[1] == "MSA|AA|m1"
    assert good.startswith("MSH|^~\\&|WETREAD|H|RIS|H|20260302120000+0000||ACK^O01^ACK|")
    bad = acknowledgement(Answer(verdict=Verdict.REJECTED, kind="type", why="we take no A|B"), header, NOW).decode()
    assert "MSA|AR|m1" in bad
    assert bad.split("\r")[2] == "ERR|||200^Unsupported message type^HL70357|E||||we take no A\\F\\B"


@pytest.mark.parametrize(
    ("accept", "application", "verdict", "code"),
    [
        ("", "", Verdict.ACCEPTED, "AA"),
        ("AL", "NE", Verdict.ACCEPTED, "CA"),
        ("AL", "NE", Verdict.ERROR, "CE"),
        ("AL", "AL", Verdict.ACCEPTED, "AA"),
        ("NE", "NE", Verdict.ACCEPTED, None),
        ("ER", "NE", Verdict.ACCEPTED, None),
        ("ER", "NE", Verdict.REJECTED, "CR"),
    ],
)
def test_the_sender_is_answered_in_the_mode_that_it_asks_for(accept, application, verdict, code):
    header = read_header(f"MSH|^~\\&|A|B|||1||ADT^A08|9|P|2.5|||{accept}|{application}".encode())
    answer = acknowledgement(Answer(verdict=verdict, kind="type"), header, NOW)
    assert (None if answer is None else answer.decode().split("MSA|")[1][:2]) == code


def test_an_answer_to_bytes_without_a_header_is_a_message_still():
    answer = acknowledgement(Answer(verdict=Verdict.REJECTED, why="it does not begin with MSH"), None, NOW)
    assert parse(answer, encoding="utf-8").first("MSA").word(1) == "AR"


def test_every_character_set_of_the_table_is_one_that_python_knows():
    for name in filter(None, tables()["charsets"].values()):
        assert "MSH|^~\\&|".encode(name)
