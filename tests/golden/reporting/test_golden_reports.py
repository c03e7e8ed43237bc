"""A whole report in each text format, as people and machines get it. WETREAD_UPDATE_GOLDEN=1 writes the files anew."""

import os
import re
from pathlib import Path

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Evidence, Size
from wetread.domain.order import Order, OrderPriority
from wetread.domain.read import Diagnosis, ImpressionItem, Quality, Recommendation, Trace, Usage
from wetread.domain.report import Provenance
from wetread.domain.study import Patient
from wetread.domain.urgency import Priority
from wetread.domain.view import Failure, Limitation
from wetread.panel import assess, consolidate, escalations
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
    urgency = assess(answers, order, study=study, vocabulary=VOCABULARY, policy=POLICY)
    rest = Rest(
        urgency=urgency,
        vocabulary=VOCABULARY,
        policy=POLICY,
        provenance=TRACE,
        limitations=(Limitation(code="slices_not_sent", text="2 of 3 slices were not sent"),),
        failures=(Failure(file="broken.dcm", problem="it is empty", remedy="send it again"),),
    )
    consensus = consolidate(answers, {}, escalated=escalations(urgency)) if reads else None
    return compose(study, order, answers, consensus, rest=rest)


# A vision reader's answer with everything it can hold.
VISION = read(
    finding("wr:pneumothorax-large", size=Size(value=23, unit="mm", method="model_estimate"), location="right apex",
            temporal="new", evidence=(BOX,)),
    finding("wr:pneumonia", "uncertain", context_dependent=True),
    finding("wr:cardiomegaly", "absent"),
    name="vision",
    quality=Quality(grade="limited", issues=("rotation",)),
    priority_claim=Priority.P1,
    impression=(
        ImpressionItem(text="Large right pneumothorax.", cites=("wr:pneumothorax-large",)),
        ImpressionItem(text="Nothing to see.", cites=("wr:rib-fracture-acute",)),
    ),
    differential=(
        Diagnosis(condition="bulla", probability=0.7, reasoning="no lung markings", supports=("wr:pneumothorax",)),
        Diagnosis(condition="skin fold"),
    ),
    recommendations=(Recommendation(text="chest drain", timeframe="PT1H"),),
    limitations=(Limitation(code="text_masked", text="3 areas of text were masked"),),
    cost_usd=0.0117,
    usage=Usage(calls=2, input_tokens=1200, output_tokens=300, predicted_input_tokens=1180, predicted_output_tokens=900,
                predicted_cost_usd=0.0121),
    trace=Trace(prompt="chest@1", prompt_sha256="a" * 64, answered_by="m-2026", form="fenced", repairs=1,
                hops=("screen: no local figures for the screen: the second reader is always asked",), latency_s=2.34),
    original="{}",
)  # fmt: skip


REPORTS = {
    "read": report(
        read(
            finding("wr:pneumothorax", "present", 0.42, evidence=(BOX,)),
            finding("wr:cardiomegaly", "uncertain"),
            finding("wr:pleural-effusion", "absent", 0.03),
        ),
        abstention("modality DX is not CT", name="two"),
    ),
    "panel": report(
        read(
            finding("wr:pneumothorax", "present", 0.42),
            finding("wr:cardiomegaly", "present", 0.6),
            name="embedded",
            cost_usd=0.0,
        ),
        VISION,
        abstention("no line", name="third", failed=True),
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
