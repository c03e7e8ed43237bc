"""Stand-ins and shifts: the same for the same, never two for one, and no way from one to the next."""

import re
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.privacy.deidentify.moments import capped_age, date_back, date_time_back
from wetread.privacy.deidentify.pseudonyms import Pseudonyms

keys = st.binary(min_size=32, max_size=32)
days = st.dates(min_value=date(1911, 1, 1), max_value=date(2100, 1, 1))
told = st.text(min_size=1, max_size=64)
UID = re.compile(r"2\.25\.(0|[1-9]\d{0,38})")


@given(key=keys, original=told)
def test_a_uid_is_one_and_follows_from_key_and_original(key, original):
    made = Pseudonyms(key).uid(original)
    assert UID.fullmatch(made)
    assert len(made) <= 64
    assert made == Pseudonyms(key).uid(original)
    assert int(made[5:]) >> 76 & 0xF == 8  # a UUID of version 8
    assert int(made[5:]) >> 62 & 0b11 == 0b10


@given(key=keys, other=keys, one=told, two=told)
def test_two_originals_or_two_keys_never_share_a_stand_in(key, other, one, two):
    assert (Pseudonyms(key).uid(one) == Pseudonyms(key).uid(two)) == (one == two)
    assert (Pseudonyms(key).uid(one) == Pseudonyms(other).uid(one)) == (key == other)
    assert (Pseudonyms(key).patient_id(one) == Pseudonyms(key).patient_id(two)) == (one.strip() == two.strip())


@settings(max_examples=300)
@given(key=keys, patient=told, first=days, second=days)
def test_a_patients_dates_stay_as_far_apart_as_they_were(key, patient, first, second):
    back = Pseudonyms(key).days_back(patient)
    assert 1 <= back <= 3650
    moved = [date_back(day.strftime("%Y%m%d"), back) for day in (first, second)]
    shifted = [date(int(day[:4]), int(day[4:6]), int(day[6:])) for day in moved]
    assert shifted[1] - shifted[0] == second - first
    assert shifted[0] == first - timedelta(days=back)


@given(
    day=days,
    back=st.integers(1, 3650),
    tail=st.from_regex(r"([01]\d([0-5]\d([0-5]\d(\.\d{1,6})?)?)?)?([+-]0[0-9]00)?", fullmatch=True),
)
def test_a_moment_keeps_its_time_of_day_and_its_offset(day, back, tail):
    moved = date_time_back(day.strftime("%Y%m%d") + tail, back)
    assert moved == date_back(day.strftime("%Y%m%d"), back) + tail


@given(value=st.text(max_size=26), back=st.integers(1, 3650))
def test_what_is_no_date_never_comes_through(value, back):
    for moved in (date_back(value, back), date_time_back(value, back)):
        assert moved is None or moved != value.strip()


@given(number=st.integers(0, 999), unit=st.sampled_from("DWMY"))
def test_nobody_is_older_than_ninety(number, unit):
    shown = capped_age(f"{number:03d}{unit}")
    assert shown == (f"{number:03d}{unit}" if shown != "090Y" else shown)
    assert not (unit == "Y" and number > 89) or shown == "090Y"
