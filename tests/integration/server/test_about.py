"""What the software is for, its windows, rules, prices and roles, as the pages ask for them."""

from dataclasses import replace

import pytest

from wetread import __version__
from wetread.domain.intended_use import load_intended_use, parse_intended_use
from wetread.domain.people import ALLOWED, Role
from wetread.errors import ClinicalDataInvalid
from wetread.imaging.presets import presets_for, region_of
from wetread.settings import Settings

API = "/api/v1"
RULES = """
version = "7"
time_zone = "Europe/Vienna"
[[rule]]
name = "night films"
when = { modality = ["DX", "CR"], study_date = ">=2026-01-01" }
unless = { patient_class = "outpatient" }
read_by = "embedded"
priority = "P2"
"""


def test_strangers_may_read_what_it_is_for(small_house):
    told = small_house.stranger().get(f"{API}/about")
    assert told.status_code == 200
    about, shipped = told.json(), load_intended_use()
    assert about["version"] == __version__
    assert about["statement"].startswith("Research use only")
    assert (about["intended_use"], about["not_for"]) == (list(shipped.intended_use), list(shipped.not_for))
    assert "not reviewed" in about["note"]
    assert about["reviewed_by"] is None


def test_nobody_has_signed_the_policies_and_the_page_is_told_so(small_house):
    policies = small_house.stranger().get(f"{API}/about").json()["policies"]
    assert [one["name"] for one in policies] == ["Finding vocabulary", "Urgency policy", "Waiting caps"]
    assert {one["signed_off_by"] for one in policies} == {None}
    assert all(one["version"] for one in policies)


@pytest.mark.parametrize("text", ["version = '1'", "version = '1'\nstatement = ''\nintended_use = []\nnot_for = ['x']"])
def test_an_intended_use_that_says_nothing_is_refused(text):
    with pytest.raises(ClinicalDataInvalid, match=r"intended_use\.toml"):
        parse_intended_use(text)


def test_the_viewer_offers_the_windows_that_readers_are_sent(small_house):
    table = small_house.client().get(f"{API}/windows").json()
    assert table["version"]
    assert "10.53347" in table["reference"]
    for part, region in table["regions"].items():
        assert region_of(part) == region
        named = [
            (one["name"], one["center_hu"], one["width_hu"]) for one in table["presets"] if one["region"] == region
        ]
        assert named == [(one.explanation, one.center, one.width) for one in presets_for(part)]


def test_without_a_rules_file_the_shipped_one_is_shown(small_house):
    told = small_house.client(Role.OPERATOR).get(f"{API}/settings/rules").json()
    assert told["is_default"]
    assert told["rules"] == told["problems"] == []
    assert told["text"]


def test_the_rules_in_force_are_shown_as_written_and_as_understood(small_house, tmp_path):
    (tmp_path / "rules.toml").write_text(RULES)
    told = small_house.client(Role.OPERATOR).get(f"{API}/settings/rules").json()
    assert (told["file"], told["text"], told["version"], told["time_zone"]) == (
        "rules.toml",
        RULES,
        "7",
        "Europe/Vienna",
    )
    (rule,) = told["rules"]
    assert rule["when"] == {"modality": ["DX", "CR"], "study_date": ">=2026-01-01"}
    assert rule["unless"] == {"patient_class": "outpatient"}
    assert (rule["read_by"], rule["priority"], rule["line"]) == (["embedded"], "P2", 4)
    assert told["problems"] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[rule]]\nname = 'a'\nread_by = 'nobody'\n", "no reader called 'nobody'"),
        ("[[rule]]\nname = 'a'\nwhen = { colour = 'red' }\n", "there is no such key"),
        ("[[rule", "not valid TOML"),
    ],
)
def test_a_rules_file_that_can_not_be_used_is_shown_with_its_problem(small_house, tmp_path, text, problem):
    (tmp_path / "rules.toml").write_text(text)
    told = small_house.client(Role.OPERATOR).get(f"{API}/settings/rules").json()
    assert told["text"] == text
    assert problem in told["problems"][0]
    assert str(tmp_path) not in str(told), "where the house lies on its disk is nobody's business"


def test_the_prices_come_with_where_and_when_they_were_read(small_house):
    told = small_house.client(Role.OPERATOR).get(f"{API}/settings/prices").json()
    assert len(told["models"]) > 10
    priced = [one for one in told["models"] if one["price"]]
    assert priced
    assert all(one["price"]["source"] and one["price"]["date"] for one in priced)
    assert {one["price"]["input_usd"] for one in priced} != {0}
    assert not any(one["readers"] for one in told["models"])


def test_a_reader_that_is_asked_stands_first_with_the_sites_own_price(small_house):
    own = {"kind": "vision", "provider": "openai", "model_id": "gpt-4.1", "price_input_usd": 1, "price_output_usd": 2}
    settings = Settings(data_dir=small_house.settings.data_dir, readers={"gpt": own})
    small_house.app.state.ground = replace(
        small_house.app.state.ground, service=replace(small_house.service, settings=settings)
    )
    models = small_house.client(Role.OPERATOR).get(f"{API}/settings/prices").json()["models"]
    assert (models[0]["readers"], models[0]["price"]["output_usd"]) == (["gpt"], 2.0)
    assert sum(one["model_id"] == "gpt-4.1" and one["provider"] == "openai" for one in models) == 1


def test_an_administrator_sees_what_each_role_may_do(small_house):
    told = small_house.client(Role.ADMIN).get(f"{API}/roles").json()["roles"]
    assert {role: set(may) for role, may in told.items()} == {role: set(ALLOWED[role]) for role in Role}
