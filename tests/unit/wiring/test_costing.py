"""The comparison of costs: configured readers beside the catalog, assumed or measured studies, unknown never 0."""

import json
from dataclasses import asdict
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

from wetread.cli.cost import cost, dollars
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.order import Laboratory, Order, PriorReport
from wetread.errors import ConfigurationError, UnknownPlugin
from wetread.guard import Inline
from wetread.intake import Folder
from wetread.settings import Settings
from wetread.settings.site import FILE
from wetread.testing import phantoms
from wetread.wiring.costing import Measured, Texts, clinical_text, cost_report, workload_for
from wetread.wiring.sources import Orders

TODAY = date(2026, 11, 21)
LOCAL = {"kind": "vision", "provider": "openai-compatible", "base_url": "http://127.0.0.1:11434/v1"}
MAIN = {"kind": "vision", "provider": "openai", "model_id": "gpt-4.1"}


def settings(tmp_path, **readers):
    return Settings(readers=readers, data_dir=tmp_path)


def report(configured, *names, today=TODAY, studies_per_year=1200.0, modality="DX", images=None, measured=None):
    workload = workload_for(None, modality=modality, images=images)
    return cost_report(
        configured,
        readers=names,
        workload=workload,
        studies_per_year=studies_per_year,
        today=today,
        measured=measured,
    )


@pytest.fixture
def row(tmp_path):
    def one(reader=None, **more):
        configured = settings(tmp_path, mine={**MAIN, **(reader or {})})
        (found,) = report(configured, "mine", **more).rows
        return found

    return one


def test_every_model_of_the_catalog_stands_beside_the_configured_readers(tmp_path):
    rows = report(settings(tmp_path, mine=MAIN)).rows
    assert [one.model_id for one in rows if one.reader == "mine"] == ["gpt-4.1"]
    assert {"gpt-4.1", "claude-sonnet-4-5", "gemini-2.5-flash", "deepseek-v3.2", "medgemma"} <= {
        one.model_id for one in rows if one.reader is None
    }


def test_the_cheapest_stands_first_unknown_costs_after_the_known_and_ended_models_last(tmp_path):
    rows = report(settings(tmp_path)).rows
    alive = [one for one in rows if not one.ended]
    known = [one.usd_per_study for one in alive if one.usd_per_study is not None]
    assert known == sorted(known)
    assert [one.usd_per_study for one in alive] == [*known, *([None] * (len(alive) - len(known)))]
    assert all(one.ended for one in rows[len(alive) :])


def test_amounts_of_a_row_follow_from_one_another(row):
    found = row()
    assert found.usd_per_image == found.usd_per_study
    assert found.usd_per_1000_images == pytest.approx(1000 * found.usd_per_image)
    assert found.usd_per_year == pytest.approx(1200 * found.usd_per_study)
    assert found.usd_per_month == pytest.approx(100 * found.usd_per_study)
    assert found.usd_per_study_at_most > found.usd_per_study
    price = found.price
    tokens = found.input_tokens_per_study * price.input_usd + found.output_tokens_per_study * price.output_usd
    assert found.usd_per_study == pytest.approx(tokens / 1e6)


def test_the_mix_is_weighted_by_how_often_each_examination_is_made(tmp_path):
    film, ct, both = (
        report(settings(tmp_path), "gpt-4.1", modality=modality).rows[0].usd_per_study
        for modality in ("DX", "CT", None)
    )
    assert both == pytest.approx((250 * film + 400 * ct) / 650)


def test_a_configured_readers_settings_change_its_bill(row):
    usual = row()
    assert row({"passes": 1}).usd_per_study < 0.6 * usual.usd_per_study
    assert row({"price_input_usd": 4.0, "price_output_usd": 16.0}).usd_per_study == pytest.approx(
        2 * usual.usd_per_study
    )
    assert row({"max_edge_px": 512}).picture_px == (512, 512)
    assert row({"consistency_runs": 3}).usd_per_study_at_most == pytest.approx(3 * usual.usd_per_study_at_most)
    assert row({"max_images_per_call": 1}, images=4).calls_per_study == 9
    assert row({"max_images_per_call": 1, "synthesis": False}, images=4).calls_per_study == 8


def test_a_local_model_costs_unknown_until_the_site_says_what(row):
    known = {**LOCAL, "model_id": "medgemma"}
    unknown, free = row(known), row({**known, "price_input_usd": 0.0, "price_output_usd": 0.0})
    amounts = ("usd_per_image", "usd_per_study", "usd_per_study_at_most", "usd_per_1000_images", "usd_per_month")
    assert {getattr(unknown, name) for name in amounts} == {None}
    assert {getattr(free, name) for name in amounts} == {0.0}


def test_a_name_that_is_neither_reader_nor_exact_id_is_refused(tmp_path):
    with pytest.raises(UnknownPlugin, match=r"'gpt-4\.1-like'; configured: mine"):
        report(settings(tmp_path, mine=MAIN), "gpt-4.1-like")


def test_an_unknown_modality_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no examination of modality 'XX'"):
        workload_for(None, modality="XX", images=None)


def test_the_end_of_a_model_and_what_comes_after_are_told(tmp_path):
    (found,) = report(settings(tmp_path), "claude-sonnet-4-5").rows
    assert found.status == "ends in 9 days (2026-11-30)"
    assert any("after 2026-11-30: calls fail" in note for note in found.notes)
    assert report(settings(tmp_path), "claude-sonnet-4-5", today=date(2026, 12, 1)).rows[0].ended


def test_a_price_that_rises_is_told_before_it_does(tmp_path):
    before, after = (
        report(settings(tmp_path), "gemini-4-argon", today=day).rows[0] for day in (TODAY, date(2026, 12, 1))
    )
    assert any("from 2026-12-01 $4 in, $20 out" in note for note in before.notes)
    assert after.usd_per_study == pytest.approx(2 * before.usd_per_study)


# ------------------------------------------------------------------------------------------------------- own studies


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "studies"
    phantoms.ct_series(folder, slices=3)
    with Folder(isolation=Inline()) as source:
        yield tuple(source.studies((folder,)))


class Counting(Inline):
    def __init__(self):
        self.calls = 0

    def call(self, function, /, *args, subject, timeout_s=None):
        self.calls += 1
        return super().call(function, *args, subject=subject, timeout_s=timeout_s)


def measured(studies, order=None, isolation=None):
    orders = Orders({"*": order} if order else {})
    return Measured(studies, orders, Texts(load_vocabulary()), isolation or Inline())


def test_own_studies_are_prepared_once_for_models_that_are_sent_the_same(tmp_path, films):
    isolation = Counting()
    found = report(settings(tmp_path), measured=measured(films, isolation=isolation))
    assert found.measured_studies == len(films) == 1
    assert len(found.rows) > 50
    assert isolation.calls < 20


def test_what_is_known_of_the_patient_is_paid_for_in_a_second_pass(tmp_path, films):
    order = Order(clinical_question="pneumothorax?", history=("COPD " * 50,))
    configured = settings(tmp_path)
    alone, told = (report(configured, "gpt-4.1", measured=measured(films, one)).rows[0] for one in (None, order))
    assert (alone.calls_per_study, told.calls_per_study) == (1, 2)
    assert told.input_tokens_per_study > 2 * alone.input_tokens_per_study


def test_clinical_text_holds_every_part_but_no_accession_number():
    order = Order(
        accession_number="A-4711",
        clinical_question="effusion?",
        chief_complaint="cough",
        symptoms=("fever",),
        history=("COPD",),
        laboratory=(Laboratory(name="CRP", value="187", unit="mg/L"),),
        priors=(PriorReport(date="2026-01-02", text="no change"),),
    )
    assert clinical_text(order).splitlines() == [
        "effusion?",
        "cough",
        "fever",
        "COPD",
        "CRP 187 mg/L",
        "2026-01-02 no change",
    ]
    assert clinical_text(Order()) == ""


# ----------------------------------------------------------------------------------------------------------- the verb


@pytest.fixture
def wetread_cost(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_DATA_DIR", str(tmp_path))
    token = FILE.set(tmp_path / "none.toml")
    app = typer.Typer()
    app.command()(cost)

    def run(*arguments, **more):
        return CliRunner().invoke(app, [str(one) for one in arguments], **more)

    yield run
    FILE.reset(token)


def test_the_table_shows_prices_with_source_and_date_and_never_a_cost_of_nothing(wetread_cost):
    result = wetread_cost("--volume", 400, "--per", "day")
    assert result.exit_code == 0, result.output
    assert "146,000 studies a year" in result.stdout
    assert "genai-prices 0.2.3, 2026-11-04" in result.stdout
    local = next(line for line in result.stdout.splitlines() if "medgemma" in line)
    assert local.count("unknown") >= 6
    assert "1254x1254" in result.stdout


def test_the_same_comes_as_json_with_null_for_unknown(wetread_cost):
    result = wetread_cost(
        "--format", "json", "--reader", "gpt-4.1", "--reader", "medgemma", "--volume", 10, "--per", "year"
    )
    told = json.loads(result.stdout)
    assert [row["model_id"] for row in told["rows"]] == ["gpt-4.1", "medgemma"]
    assert told["rows"][0]["price"]["date"] == "2026-11-04"
    assert told["rows"][1]["usd_per_year"] is None
    assert told["studies_per_year"] == 10
    assert told["workload"]["source"].startswith("assumption")


def test_own_files_are_measured_behind_the_guard(wetread_cost, tmp_path):
    phantoms.ct_series(tmp_path / "ct", slices=2)
    result = wetread_cost(tmp_path / "ct", "--reader", "gpt-4.1", "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["measured_studies"] == 1


def test_a_file_that_cannot_be_used_is_told_and_the_rest_is_counted(wetread_cost, tmp_path):
    phantoms.ct_series(tmp_path / "ct", slices=2)
    (tmp_path / "ct" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    result = wetread_cost(tmp_path / "ct", "--reader", "gpt-4.1", "--format", "json", standalone_mode=False)
    assert result.return_value == 1
    assert "broken.dcm" in result.stderr
    assert json.loads(result.stdout)["rows"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--context", __file__), "belongs to studies"), ((__file__, "--images", 3), "are measured")],
)
def test_options_that_contradict_each_other_are_refused(wetread_cost, arguments, told):
    result = wetread_cost(*arguments)
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "unknown"), (0.0, "0"), (0.000012, "1.2e-05"), (0.0117, "0.0117"), (3.456, "3.46"), (1234.5, "1,234")],
)
def test_an_amount_keeps_the_digits_that_matter(amount, shown):
    assert dollars(amount) == shown


def test_a_report_can_be_written_down_whole(tmp_path):
    found = report(settings(tmp_path))
    assert json.loads(json.dumps(asdict(found), default=str, allow_nan=False))["rows"]
