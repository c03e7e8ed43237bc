"""Reports of real and made studies with known findings, as a destination is given them."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.domain.order import Order
from wetread.domain.report import Report
from wetread.domain.study import Study
from wetread.domain.view import ViewPlan
from wetread.guard import Inline
from wetread.intake import Folder
from wetread.pipeline import Desk, read_study
from wetread.testing.readers import ScriptedReader
from wetread.wiring.desk import provenance
from wetread.wiring.preparing import prepare_guarded

MADE_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Script = Callable[[Study], Iterable[Finding]]


def three_findings(study: Study) -> tuple[Finding, ...]:
    """One present with a box and a side, one uncertain, one absent."""
    first = next((i for i in study.instances if i.is_image), None)
    place = {"frame": 1, "box": (0.2, 0.3, 0.6, 0.7), "origin": "cam"}
    box = (Evidence(file=first.file, sop_instance_uid=first.sop_instance_uid, **place),) if first else ()
    return (
        Finding(
            code="wr:pneumothorax",
            presence=Presence.PRESENT,
            probability=0.83,
            calibrator_id="test/1",
            laterality=Laterality.LEFT,
            evidence=box,
        ),
        Finding(code="wr:pleural-effusion", presence=Presence.UNCERTAIN, probability=0.31, calibrator_id="test/1"),
        Finding(code="wr:cardiomegaly", presence=Presence.ABSENT, probability=0.02, calibrator_id="test/1"),
    )


def studies_of(*paths: Path) -> tuple[Study, ...]:
    """The studies of files and folders; the files stay where they are."""
    with Folder() as source:
        return tuple(one for one in source.studies(paths) if isinstance(one, Study))


def report_of(
    study: Study, script: Script = three_findings, *, order: Order | None = None, pictures: bool = False
) -> Report:
    """The preliminary report that the pipeline makes of a reader who says what the script says."""
    vocabulary, policy = load_vocabulary(), load_policy()

    def prepare(study: Study, plan: ViewPlan):
        return prepare_guarded(study, plan, isolation=Inline())

    desk = Desk(
        readers=(ScriptedReader("scripted", tuple(script(study)), plan=ViewPlan(max_edge_px=512, max_images=3)),),
        prepare=prepare,
        vocabulary=vocabulary,
        policy=policy,
        provenance=provenance(vocabulary, policy),
        picture_plan=ViewPlan(max_edge_px=512, max_images=3) if pictures else None,
    )
    return replace(asyncio.run(read_study(study, order or Order(), desk)), made_at=MADE_AT)
