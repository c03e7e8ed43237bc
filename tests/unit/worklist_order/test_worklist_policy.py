"""The waiting caps that ship, and what a site's file may say."""

import pytest

from wetread.domain.clinical_data import load_worklist_policy, parse_worklist_policy, shipped
from wetread.domain.waiting import PatientClass
from wetread.errors import ClinicalDataInvalid


def test_the_shipped_caps_hold_two_hours_for_emergencies_and_a_day_for_others():
    policy = load_worklist_policy()
    assert policy.cap_min[PatientClass.EMERGENCY] == 120
    assert policy.cap_min[PatientClass.OUTPATIENT] == policy.cap_min[PatientClass.UNKNOWN] == 1440
    assert policy.lift_share == 0.75
    assert policy.signed_off_by is None


def test_a_sites_file_takes_the_place_of_the_shipped_one(tmp_path):
    (tmp_path / "worklist.toml").write_text(shipped("worklist.toml").replace("emergency = 120", "emergency = 45"))
    assert load_worklist_policy(tmp_path / "worklist.toml").cap_min[PatientClass.EMERGENCY] == 45


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("emergency = 120", "emergency = 0", "cap_min.emergency is a whole number of minutes from 1 on, got 0"),
        ("emergency = 120", "emergency = true", "cap_min.emergency"),
        ("emergency = 120", "emergency = 90.5", "cap_min.emergency"),
        ("outpatient = 1440", "", "'outpatient' is missing"),
        ("share_of_cap = 0.75", "share_of_cap = 0", "lift.share_of_cap is more than 0"),
        ("share_of_cap = 0.75", "share_of_cap = 1.5", "lift.share_of_cap"),
        ("[lift]", "[lifts]", "'lift' is missing"),
        ("[cap_min]", "[[cap_min]]", "compare it with the shipped file"),
        ('version = "2026.11-draft"', "", "version is missing"),
    ],
)
def test_a_cap_that_makes_no_sense_is_refused_by_its_name(before, after, told):
    text = shipped("worklist.toml")
    assert before in text
    with pytest.raises(ClinicalDataInvalid, match=r"worklist\.toml") as refused:
        parse_worklist_policy(text.replace(before, after, 1))
    assert told in str(refused.value)
