"""From study to report with real pictures and scripted readers."""

import asyncio
from dataclasses import asdict
from functools import partial

import pytest

from wetread.domain.order import Order
from wetread.domain.urgency import Priority
from wetread.domain.view import ViewPlan
from wetread.errors import ReaderRefused, ReaderUnavailable
from wetread.guard import Inline
from wetread.intake import Folder
from wetread.pipeline import Desk, read_study, request
from wetread.testing import phantoms
from wetread.testing.readers import ScriptedReader
from wetread.testing.studies import finding
from wetread.wiring.desk import load_policy, load_vocabulary, provenance
from wetread.wiring.preparing import prepare_guarded

VOCABULARY, POLICY = load_vocabulary(), load_policy()


class Curious(ScriptedReader):
    """Keeps what it was asked."""

    async def read(self, asked):
        self.asked = asked
        return await super().read(asked)


def desk(*readers, **more):
    return Desk(
        readers=readers,
        prepare=partial(prepare_guarded, isolation=Inline()),
        vocabulary=VOCABULARY,
        policy=POLICY,
        provenance=provenance(VOCABULARY, POLICY),
        **more,
    )


def studies(folder):
    with Folder(isolation=Inline()) as source:
        return list(source.studies((folder,)))


def report(folder, *readers, order=None, **more):
    (study,) = studies(folder)
    return asyncio.run(read_study(study, order or Order(), desk(*readers, **more)))


@pytest.fixture
def film(tmp_path):
    secrets = {"PatientName": "SECRET^NAME", "PatientID": "SECRET-ID", "StudyDescription": "SECRET DIAGNOSIS"}
    dataset = phantoms.radiograph(
        64, 48, BodyPartExamined="CHEST", ViewPosition="PA", AccessionNumber="SECRET-A", **secrets
    )
    phantoms.write(dataset, tmp_path / "film.dcm")
    return tmp_path


def test_a_finding_of_a_reader_becomes_the_report_s_urgency(film):
    made = report(film, ScriptedReader("one", [finding("wr:pneumothorax")]))
    assert made.urgency.priority is Priority.P1
    assert made.consensus.findings[0].finding.code == "wr:pneumothorax"
    assert made.views


def test_each_reader_is_sent_what_its_own_plan_asks_for(film):
    small, large = (Curious(name, plan=ViewPlan(max_edge_px=edge)) for name, edge in (("small", 16), ("large", 32)))
    report(film, small, large)
    assert [reader.asked.views[0].height for reader in (small, large)] == [16, 32]


def test_rule_7_a_reader_is_told_nothing_that_identifies_the_patient(film):
    reader = Curious("one")
    report(film, reader)
    told = asdict(reader.asked)
    for view in told["views"]:
        view.pop("picture")
    assert "SECRET" not in str(told)


def test_rule_2_when_every_reader_fails_the_study_is_unread_and_keeps_the_reasons(film):
    made = report(film, ScriptedReader("a", ReaderUnavailable("down")), ScriptedReader("b", ReaderRefused("not mine")))
    assert made.urgency.priority is Priority.UNREAD
    assert made.consensus is None
    assert "down" in made.impression
    assert "not mine" in made.impression


def test_rule_10_a_later_image_leads_to_another_report_of_the_same_study(tmp_path):
    phantoms.ct_series(tmp_path, slices=3)
    late = sorted(tmp_path.rglob("*.dcm"))[-1]
    kept = late.read_bytes()
    late.unlink()
    before = report(tmp_path, ScriptedReader("one"))
    late.write_bytes(kept)
    after = report(tmp_path, ScriptedReader("one"))
    assert before.study.ref == after.study.ref
    assert before.report_id != after.report_id


def test_all_series_of_a_study_are_in_one_report(tmp_path):
    for series in ("1", "2"):
        dataset = phantoms.radiograph(
            32, 32, name=f"film {series}", SeriesInstanceUID=f"1.2.{series}", StudyInstanceUID="1.2.9"
        )
        phantoms.write(dataset, tmp_path / f"{series}.dcm")
    reader = Curious("one")
    made = report(tmp_path, reader)
    assert len(made.study.series) == 2
    assert len(reader.asked.views) == 2


def test_what_the_order_says_of_age_and_sex_outranks_the_header(film):
    (study,) = studies(film)
    prepared = desk().prepare(study, ViewPlan())
    asked = request(study, Order(age_years=33, sex="M"), prepared)
    assert (asked.age_years, asked.sex) == (33, "M")
    assert request(study, Order(), prepared).sex == study.patient.sex


def test_pages_get_pictures_of_their_own_and_the_trace_keeps_what_was_sent(film):
    made = report(film, ScriptedReader("one", plan=ViewPlan(max_edge_px=16)), picture_plan=ViewPlan(max_edge_px=32))
    assert [view.height for view in made.views] == [16]
    assert [view.height for view in made.pictures] == [32]
