"""Routing rules: which apply, in which order, and the words that say why."""

from datetime import UTC, date, datetime

import pytest

from wetread.domain.arrival import Arrival, Way
from wetread.domain.clinical_data import shipped
from wetread.domain.order import Order, OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.errors import ClinicalDataInvalid, ConfigurationError, UnknownPlugin
from wetread.testing.studies import film_study
from wetread.worklist.rules import Outcome, RoutingFacts, Site, facts_of, load_rules

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)  # a Saturday
SITE = Site(default_readers=("embedded",), destinations=("folder", "pacs"), readers=("embedded", "vision"))
CHEST = RoutingFacts(
    modalities=("DX",), body_parts=("CHEST",), descriptions=("Chest PA, bedside",), instances=2, age_years=54.0,
    study_date=date(2026, 11, 20), calling=("ER_1",), ways=(Way.C_STORE,), order_priority=OrderPriority.STAT,
)  # fmt: skip


@pytest.fixture
def rules(tmp_path):
    def load(text, site=SITE):
        (tmp_path / "rules.toml").write_text(text)
        return load_rules(tmp_path / "rules.toml", site)

    return load


def one(when, then="hold = true"):
    return f'[[rule]]\nname = "r"\nwhen = {{ {when} }}\n{then}\n'


def test_without_rules_a_study_takes_the_sites_defaults_and_is_told_so():
    routing = load_rules(None, SITE).route(CHEST, NOON)
    assert (routing.readers, routing.destinations, routing.hold) == (("embedded",), ("folder", "pacs"), False)
    assert routing.why == (
        "there are no routing rules",
        "read by embedded, since no rule names any",
        "sent to folder, pacs, since no rule names any",
    )


@pytest.mark.parametrize(
    "when",
    [
        'modality = ["CR", "dx"]',
        'body_part = "ch*"',
        'description = "*bedside*"',
        'calling_ae = "ER_?"',
        'way = "c-store"',
        'order_priority = ["stat", "urgent"]',
        'patient_class = "unknown"',
        'instances = ">=2"',
        "instances = 2",
        'instances = "<3"',
        'age_years = ">= 18"',
        'study_age_days = "<=1"',
        'study_date = ">2026-11-19"',
        "study_date = 2026-11-20",
        'time_of_day = "11:59-12:01"',
        'time_of_day = "22:00-12:01"',
        'weekday = ["sat", "sun"]',
    ],
)
def test_a_condition_that_holds_lets_the_rule_apply(rules, when):
    assert rules(one(when)).route(CHEST, NOON).hold


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ('modality = "CT"', "modality is DX, wanted CT"),
        ('modality = ["CT", "MR"]', "modality is DX, wanted CT or MR"),
        ('body_part = "HEAD"', "body_part is CHEST, wanted HEAD"),
        ('called_ae = "WETREAD"', "called_ae is unknown, wanted WETREAD"),
        ('address = "10.*"', "address is unknown, wanted 10.*"),
        ('instances = ">2"', "instances is 2, wanted > 2"),
        ('age_years = "<18"', "age_years is 54, wanted < 18"),
        ('study_date = "<2026-01-01"', "study_date is 2026-11-20, wanted < 2026-01-01"),
        ('time_of_day = "18:00-07:00"', "it is 12:00, wanted 18:00-07:00"),
        ('time_of_day = "11:00-12:00"', "it is 12:00, wanted 11:00-12:00"),
        ('weekday = "mon"', "it is sat, wanted mon"),
    ],
)
def test_a_condition_that_fails_says_what_was_found_and_what_was_wanted(rules, when, told):
    routing = rules(one(when)).route(CHEST, NOON)
    assert not routing.hold
    assert routing.why[0] == f"rule 'r' does not apply: {told}"


@pytest.mark.parametrize("key", ["modality", "body_part", "description", "calling_ae", "way", "order_priority"])
def test_what_is_unknown_fulfils_no_condition(rules, key):
    value = {"way": "stow", "order_priority": "stat"}.get(key, "*")
    assert not rules(one(f'{key} = "{value}"')).route(RoutingFacts(), NOON).hold


def test_every_condition_of_a_rule_must_hold(rules):
    routing = rules(one('modality = "DX", body_part = "HEAD", instances = 2')).route(CHEST, NOON)
    assert routing.why[0] == "rule 'r' does not apply: body_part is CHEST, wanted HEAD"


def test_an_exception_takes_the_study_out_only_where_all_of_it_holds(rules):
    text = one('modality = "DX"') + 'unless = { body_part = "CHEST", age_years = ">=18" }\n'
    assert (
        rules(text).route(CHEST, NOON).why[0] == "rule 'r' does not apply: unless body_part is CHEST; age_years is 54"
    )
    assert rules(text.replace(">=18", "<18")).route(CHEST, NOON).hold


TWO = """
[[rule]]
name = "films"
when = { modality = ["CR", "DX"] }
read_by = "embedded"
send_to = ["pacs"]
patient_class = "inpatient"
priority = "P3"
%s

[[rule]]
name = "emergency"
when = { calling_ae = "ER*" }
read_by = "vision"
patient_class = "emergency"
priority = "P2"
%s
"""


def test_a_later_rule_takes_the_place_of_an_earlier_one_and_the_most_urgent_floor_stays(rules):
    routing = rules(TWO % ("", "")).route(CHEST, NOON)
    assert (routing.readers, routing.destinations) == (("vision",), ("pacs",))
    assert (routing.patient_class, routing.priority_floor) == (PatientClass.EMERGENCY, Priority.P2)
    assert routing.why == (
        "rule 'films' applies: modality is DX",
        "rule 'emergency' applies: calling_ae is ER_1",
        "read by vision (rule 'emergency')",
        "sent to pacs (rule 'films')",
        "not below P2 (rule 'emergency')",
        "patient class emergency (rule 'emergency')",
    )


def test_a_rule_that_adds_joins_the_readers_before_it(rules):
    assert rules(TWO % ("", "add = true")).route(CHEST, NOON).readers == ("embedded", "vision")


def test_nothing_after_a_rule_that_stops_is_looked_at(rules):
    routing = rules(TWO % ("stop = true", "")).route(CHEST, NOON)
    assert (routing.readers, routing.priority_floor) == (("embedded",), Priority.P3)
    assert [one.outcome for one in routing.tried] == [Outcome.APPLIED, Outcome.NOT_REACHED]
    assert "rule 'emergency' was not looked at: 'films' stops" in routing.why


def test_a_study_on_hold_asks_no_reader(rules):
    routing = rules(TWO % ("hold = true", "")).route(CHEST, NOON)
    assert (routing.hold, routing.readers) == (True, ())
    assert "on hold, no reader is asked (rule 'films')" in routing.why


def test_times_of_day_are_those_of_the_sites_zone(rules):
    text = 'time_zone = "America/New_York"\n' + one('time_of_day = "06:00-08:00"')
    assert rules(text).route(CHEST, NOON).hold


def test_reports_can_be_sent_nowhere(rules):
    assert rules(one('modality = "DX"', "send_to = []")).route(CHEST, NOON).destinations == ()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (one('modallity = "DX"'), 3, "rule.1.when.modallity: there is no such key"),
        (one('modality = "DX"', "holds = true"), 4, "rule.1.holds: there is no such key"),
        (one('modality = "DX"') + one('instances = "many"').replace('"r"', '"s"'), 7, "rule.2.when.instances"),
        (one('modality = "DX"') + one('modality = "CT"'), 6, "rule.2.name: another rule has this name"),
        (one('modality = "DX"', "read_by = []"), 4, "rule.1.read_by"),
        (one('modality = "DX"', "hold = false"), 4, "rule.1.hold"),
        (one('modality = "DX"', 'priority = "P5"'), 4, "rule.1.priority"),
        (one('time_of_day = "25:00-07:00"'), 3, "rule.1.when.time_of_day"),
        (one('time_of_day = "07:00-07:00"'), 3, "the two times differ"),
        (one('weekday = "monday"'), 3, "rule.1.when.weekday"),
        (one('study_date = ">2026-13-01"'), 3, "rule.1.when.study_date"),
        (one('patient_class = "vip"'), 3, "rule.1.when.patient_class"),
        ('[[rule]]\nname = "r"\n[rule.when]\ninstances = true\n', 4, "rule.1.when.instances"),
        ('time_zone = "Europe/Viena"\n', 1, "there is no time zone 'Europe/Viena' on this machine"),
        ('time_zone = "../../etc/passwd"\n', 1, "there is no time zone"),
        ('\n[[rules]]\nname = "r"\n', 2, "rules: there is no such key"),
        ("[[rule]]\nhold = true\n", 1, "rule.1.name: Field required"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(rules, tmp_path, text, line, told):
    with pytest.raises(ClinicalDataInvalid) as refused:
        rules(text)
    assert str(refused.value).startswith(f"{tmp_path / 'rules.toml'}:{line}: ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ('read_by = ["embeded"]', "rule.1.read_by: no reader called 'embeded'; there are: embedded, vision"),
        ('send_to = "nowhere"', "rule.1.send_to: no destination called 'nowhere'; there are: folder, pacs"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_with_its_line(rules, then, told):
    with pytest.raises(UnknownPlugin, match=r"rules\.toml:4: ") as refused:
        rules(one('modality = "DX"', then))
    assert told in str(refused.value)


@pytest.mark.parametrize("content", [b"rule = [\n", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    (tmp_path / "rules.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"rules\.toml"):
        load_rules(tmp_path / "rules.toml")


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path):
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_rules(tmp_path / "rules.toml")


def test_the_examples_of_the_shipped_file_work_once_their_marks_are_taken_away(rules):
    lines = [line.removeprefix("# ") for line in shipped("rules.toml").split("Examples:\n")[1].splitlines()]
    loaded = rules("\n".join("" if line == "#" else line for line in lines))
    assert len(loaded.rules) == 3
    child = RoutingFacts(modalities=("CT",), body_parts=("HEAD",), age_years=4, calling=("TRAUMA2",))
    routing = loaded.route(child, NOON.replace(hour=2))
    assert (routing.hold, routing.patient_class, routing.priority_floor) == (True, PatientClass.EMERGENCY, Priority.P2)


def test_the_version_is_the_files_own_or_its_hash(rules):
    assert rules('version = "7"').version == "7"
    assert rules(one('modality = "DX"')).version != rules(one('modality = "CT"')).version


def test_facts_come_from_the_study_its_arrivals_and_its_order():
    came = [
        Arrival(arrival_id=str(n), way=Way.C_STORE, started_at=NOON, peer=peer, called="WETREAD", address="10.0.0.7")
        for n, peer in enumerate(["ER_1", "ER_1", "CT_2"])
    ]
    facts = facts_of(film_study(), arrivals=came, order=Order(age_years=3.0, priority=OrderPriority.URGENT))
    assert facts.calling == ("ER_1", "CT_2")
    assert (facts.called, facts.addresses, facts.ways) == (("WETREAD",), ("10.0.0.7",), (Way.C_STORE,))
    assert (facts.age_years, facts.order_priority) == (3.0, OrderPriority.URGENT)
    assert facts.modalities == film_study().modalities
    assert facts.instances == len(film_study().instances)
