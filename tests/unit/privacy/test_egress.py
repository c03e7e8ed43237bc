"""Which class of data may go where: every combination against a truth table written from the design alone."""

import itertools
from contextlib import nullcontext

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from wetread.domain.egress import DataClass, Endpoint
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.errors import ClinicalDataInvalid, EgressDenied
from wetread.privacy import EgressGate, decide, is_on_site
from wetread.privacy.egress import parse_table
from wetread.settings import EgressSettings

YES_NO = (False, True)
IN_EEA = {"EEA", "EU", "DE"}


def allowed_by_design(what, *, on_site, region, dpa, baa, zero, untrained, reseller, licence):
    if on_site:
        return True
    if what in ("synthetic", "public"):
        return licence
    if reseller and not (dpa or baa):
        return False
    return {
        "deidentified": dpa and untrained,
        "us_health": region == "US" and baa and zero,
        "eu_personal": region in IN_EEA and dpa,
        "china_sensitive": region == "CN",
        "unknown": False,
    }[what]


@pytest.mark.parametrize("what", list(DataClass))
def test_every_combination_is_decided_as_the_design_says(what):
    checked = 0
    for on_site, region, dpa, baa, zero, untrained, reseller, licence in itertools.product(
        YES_NO, (None, "US", "EEA", "DE", "CN", "GB", "HK"), *[YES_NO] * 6
    ):
        endpoint = Endpoint(
            name="one",
            host="api.example.com",
            on_site=on_site,
            region=region,
            processing_agreement=dpa,
            baa=baa,
            zero_retention=zero,
            no_training=untrained,
            reseller=reseller,
        )
        decision = decide(what, endpoint, licence_allows_third_parties=licence)
        wanted = allowed_by_design(
            what.value,
            on_site=on_site,
            region=region,
            dpa=dpa,
            baa=baa,
            zero=zero,
            untrained=untrained,
            reseller=reseller,
            licence=licence,
        )
        assert decision.allowed is wanted, endpoint
        assert decision.rule
        assert "one" in decision.reason
        checked += 1
    assert checked == 2 * 7 * 2**6


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost:8000",
        "127.0.0.1",
        "127.8.9.1:443",
        "::1",
        "[::1]",
        "[::1]:80",
    ],
)
def test_the_loopback_is_on_site(host):
    assert is_on_site(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "mylocalhost",
        "localhost@evil.example",
        "evil.example:127",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "128.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.1.1",
        "::",
        "::2",
        "::1%eth0",
        "[::1%evil]",
        "::ffff:8.8.8.8",
        "",
        " localhost",
        "localhost ",
        "local host",
        "１２７.0.0.1",  # noqa: RUF001 - look-alikes are the point
        "ⓛocalhost",
        "localhost:evil",
        "127.0.0.1:80:90",
        "http://localhost",
        "127.0.0.1/x",
    ],
)
def test_what_merely_looks_like_the_loopback_is_not_on_site(host):
    assert not is_on_site(host)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz.-", min_size=1, max_size=20))
def test_no_other_name_is_on_site(name):
    assert is_on_site(name) == (name.removesuffix(".") == "localhost")


def test_an_endpoint_at_the_loopback_is_on_site_without_being_marked_so():
    decision = decide(DataClass.UNKNOWN, Endpoint(name="x", host="127.0.0.1:11434"), licence_allows_third_parties=False)
    assert (decision.allowed, decision.rule) == (True, "on_site")


def test_a_refusal_says_what_is_missing_and_which_setting_says_so():
    reason = decide(
        DataClass.US_HEALTH, Endpoint(name="x", host="a.example", region="US"), licence_allows_third_parties=True
    ).reason
    assert "agreement.baa" in reason
    assert "agreement.zero_retention" in reason
    assert "agreement.region" not in reason


@pytest.mark.parametrize(
    "text", ["", "version = '1'", "[[rule]]\nname='x'\nclasses=['nobody']\nneeds=[]", "not toml ["]
)
def test_a_malformed_table_is_refused_by_name(text):
    with pytest.raises(ClinicalDataInvalid, match=r"egress\.toml"):
        parse_table(text)


@pytest.mark.parametrize(("what", "allowed"), [("public", True), ("us_health", False)])
def test_every_decision_is_logged_with_rule_and_reason_and_nothing_of_the_patient(what, allowed):
    settings = EgressSettings(data_class=what, licence_allows_third_parties=True)
    gate = EgressGate(settings).knowing(("Doe^Jane", "00482913"))
    request = ReadRequest(study_ref="st-1", views=(), order=Order(clinical_question="Jane Doe 00482913: cough"))
    refused = nullcontext() if allowed else pytest.raises(EgressDenied, match=what)
    with structlog.testing.capture_logs() as logs, refused:
        gate.clear(request, Endpoint(name="far", host="a.example"))
    (line,) = logs
    assert line["event"] == "egress decided"
    assert (line["endpoint"], line["data_class"], line["allowed"]) == ("far", what, allowed)
    assert line["rule"]
    assert line["reason"]
    assert not {"jane", "doe", "482913", "cough"} & set(str(line).lower().replace("'", " ").split())
