"""A whole report in each text format, as people and machines get it. WETREAD_UPDATE_GOLDEN=1 writes the files anew."""

import os
import re
from pathlib import Path

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Evidence
from wetread.domain.order import Order, OrderPriority
from wetread.domain.report import Provenance
from wetread.domain.study import Patient
from wetread.domain.view import Failure, Limitation
from wetread.panel import assess, consolidate
from wetread.reporting import Rest, compose, render
from wetread.testing.studies import abstention, film_study, finding, read

HERE = Path(__file__).parent
VOCABULARY, POLICY = load_vocabulary(), load_policy()
TRACE = Provenance(
    software="wetread golden", vocabulary_version="golden", vocabulary_sha256="0" * 64,
    vocabulary_signed_off_by=None, policy_version="golden", policy_sha256="1" * 64, libraries=(("numpy", "2"),),
)  # fmt: skip
HOSTILE = "Ada <b>山田</b>\x1b[31m|^~\\&\u202e"
BOX = Evidence(file="film.dcm", sop_instance_uid="1.2.3", frame=1, box=(0.5, 0.25, 0.75, 0.5), origin="cam")


def report(*answers):
    study, order = film_study(patient=Patient(name=HOSTILE)), Order(priority=OrderPriority.STAT)
    reads = [answer for answer in answers if hasattr(answer, "findings")]
    rest = Rest(
        urgency=assess(answers, order, study=study, vocabulary=VOCABULARY, policy=POLICY),
        vocabulary=VOCABULARY,
        policy=POLICY,
        provenance=TRACE,
        limitations=(Limitation(code="slices_not_sent", text="2 of 3 slices were not sent"),),
        failures=(Failure(file="broken.dcm", problem="it is empty", remedy="send it again"),),
    )
    return compose(study, order, answers, consolidate(answers, {}) if reads else None, rest=rest)


REPORTS = {
    "read": report(
        read(
            finding("wr:pneumothorax", "present", 0.42, evidence=(BOX,)),
            finding("wr:cardiomegaly", "uncertain"),
            finding("wr:pleural-effusion", "absent", 0.03),
        ),
        abstention("modality DX is not CT", name="two"),
    ),
    "unread": report(abstention("modality DX is not CT"), abstention("no line", name="two", failed=True)),
}


@pytest.mark.parametrize("output", ["text", "json", "html"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_it_did(name, output):
    made = render(REPORTS[name], output).decode()
    made = re.sub(r"<style>.*?</style>", "<style></style>", made, flags=re.DOTALL)  # looks change, words don't
    golden = HERE / f"{name}.{output}"
    if os.environ.get("WETREAD_UPDATE_GOLDEN"):
        golden.write_text(made, encoding="utf-8", newline="")
    assert made == golden.read_bytes().decode(), f"{golden.name} changed; look at the difference before updating it"
