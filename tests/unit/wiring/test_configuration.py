"""`wetread config check` names what is wrong and the line it stands on."""

import pytest

from wetread.settings import use_file
from wetread.settings.lines import line_of
from wetread.settings.site import FILE
from wetread.wiring import check_configuration


@pytest.fixture
def checked(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    before = FILE.get()

    def check(text):
        path = tmp_path / "site.toml"
        path.write_text(text)
        use_file(path)
        return [(remark.state, remark.line, remark.text) for remark in check_configuration()]

    yield check
    FILE.set(before)


LOCAL = """
[readers.local]
kind = "vision"
provider = "openai-compatible"
model_id = "qwen2.5-vl-7b-instruct"
base_url = "http://127.0.0.1:1/v1"
"""


def test_no_file_and_a_sound_file_are_in_order(checked):
    assert checked("") == []
    assert [row for row in checked(LOCAL) if row[0] == "bad"] == []


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("default_readers = [", 1, "not valid TOML"),
        ("\ndefault_readrs = 1", 2, "default_readrs"),
        (LOCAL + "colour = 1", 7, "readers.local.colour"),
        (LOCAL.replace("openai-compatible", "opnai"), 4, "readers.local.provider"),
        (LOCAL.replace('base_url = "http://127.0.0.1:1/v1"', ""), 2, "needs a base_url"),
        (LOCAL + "fallback = ['nobody']", 7, "no reader called 'nobody'"),
        (LOCAL + "fallback = ['local']", 7, "leads back"),
        (LOCAL + "\n[panels.two]\nreaders = ['local', 'away']", 9, "no reader called 'away'"),
        (LOCAL + "\n[panels.local]\nreaders = ['embedded']", 8, "a reader has this name already"),
        (LOCAL + "\n[cascades.c]\nfirst = 'embedded'\nthen = 'gone'", 10, "no reader called 'gone'"),
        (LOCAL.replace("http://127.0.0.1:1", "http://away.example"), 2, "starts with https"),
        ("budget_usd_per_day = 1.0\n" + LOCAL, 3, "no known price"),
        ('catalog_file = "nowhere.toml"', 1, "no file"),
        ('[readers.gpt]\nkind = "vision"\nprovider = "openai"\nmodel_id = "gpt-4.1"', 1, "has no key"),
    ],
)
def test_each_mistake_has_its_line(checked, text, line, told):
    bad = [row for row in checked(text) if row[0] == "bad"]
    assert [row for row in bad if told in row[2]], bad
    assert {row[1] for row in bad if told in row[2]} == {line}


def test_a_reader_that_will_be_sent_nothing_is_told_why(checked):
    rows = checked(LOCAL.replace("http://127.0.0.1:1", "https://away.example"))
    assert any("it will be sent nothing" in text for _, _, text in rows)


def test_the_longest_part_of_a_path_that_is_spelled_out_is_the_line():
    text = "[a.b]\nc = 1\n['x y']\nd.e = 2"
    assert line_of(text, ("a", "b", "c")) == 2
    assert line_of(text, ("a", "b", "z")) == 1
    assert line_of(text, ("x y", "d", "e")) == 4
    assert line_of(text, ("q",)) is None


FIGURES = """
screen = "embedded"
measured_on = "our films"
date = 2020-01-01
valid_until = {until}
uncertain_from = 0.2
abnormal = 240
missed = 2
screened = 1000
escalated = 380
cost_first_usd = 0.0
cost_then_usd = 0.012
"""
CALIBRATION = """
schema = "wetread.calibration/1"
measured_on = "our films"
date = 2020-01-01
valid_until = {until}
cases_sha256 = "ab"
"""


@pytest.mark.parametrize(
    ("named", "content", "line"),
    [
        ("calibration_file = '{path}'", CALIBRATION, 1),
        ("[cascades.c]\nfirst = 'embedded'\nthen = 'local'\nfigures_file = '{path}'\n" + LOCAL, FIGURES, 4),
    ],
    ids=["calibration", "cascade"],
)
def test_a_file_measured_on_own_cases_is_read_and_an_expired_one_is_said(checked, tmp_path, named, content, line):
    path = tmp_path / "measured.toml"

    def about(text):
        path.write_text(text)
        return [row for row in checked(named.format(path=path)) if "_file" in row[2]]

    assert about(content.format(until="2999-12-31")) == []
    ((state, where, told),) = about(content.format(until="2020-03-31"))
    assert (state, where) == ("note", line)
    assert "expired on 2020-03-31" in told
    ((state, where, told),) = about(content.format(until="2020-03-31") + "colour = 1\n")
    assert (state, where) == ("bad", line)
    assert "colour" in told
