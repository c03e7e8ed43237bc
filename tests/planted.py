"""Readers whose skill is known, as an evaluation's log has them: what is measured of them can be held against it."""

from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import patch

import numpy as np

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Presence
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import labels_of
from wetread.evaluate.log import Answered, Log, LogWriter, Manifest, Told

PNEUMOTHORAX, NODULE = "wr:pneumothorax", "wr:pulmonary-nodule"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def labels_for(*codes):
    return tuple(labels_of(codes, load_vocabulary()))


def cases_of(n, *, share=0.3, split="calib", seed=1, codes=(PNEUMOTHORAX,), prefix=None):
    """n patients with a film each; every finding is in this share of them, by itself."""
    dice = np.random.default_rng(seed)
    has = dice.random((n, len(codes))) < share
    return tuple(
        Case(
            case_id=f"{prefix or split}-{row}",
            patient_id=f"{prefix or split}-p{row}",
            file=f"{prefix or split}-{row}",
            split=split,
            codes=frozenset(code for code, there in zip(codes, has[row], strict=True) if there),
        )
        for row in range(n)
    )


def answered(case, reader, told, **facts):
    facts = {"version": "1", "fingerprint": f"print-{reader}", "cost_usd": 0.0, "latency_s": 0.1, **facts}
    return Answered(case_id=case.case_id, reader=reader, status="read", findings=told, **facts)


def skilled(cases, reader, *, skill=2.0, slope=1.0, shift=0.0, seed=2, codes=(PNEUMOTHORAX,), own=True, **facts):
    """A reader whose log odds of a finding lie `skill` apart; `slope` and `shift` make its numbers dishonest."""
    dice = np.random.default_rng(seed)
    given = {}
    for case in cases:
        told = {}
        for code in codes:
            honest = (skill or 1.0) * (dice.normal() + skill * ((code in case.codes) - 0.5))
            p = float(sigmoid(slope * honest + shift))
            presence = Presence.PRESENT if p >= 0.5 else Presence.ABSENT
            told[code] = Told(presence=presence, probability=p if own else None, stated=p, kind="score")
        given[case.case_id] = answered(case, reader, told, **facts)
    return given


def deciding(cases, reader, said, *, code=PNEUMOTHORAX, **facts):
    """A reader that calls exactly these present, and states no number."""
    return {
        case.case_id: answered(
            case, reader, {code: Told(presence=Presence.PRESENT if yes else Presence.ABSENT)}, **facts
        )
        for case, yes in zip(cases, said, strict=True)
    }


def log_of(cases, *given, begun=None):
    log = Log()
    log.manifest = Manifest(
        cases_sha256="c" * 64,
        software="wetread",
        vocabulary="v",
        policy="p",
        command="wetread evaluate",
        seed=1,
        started_at=(begun or datetime.now(UTC)).isoformat(timespec="seconds"),
    )
    log.cases = {case.case_id: case for case in cases}
    log.answers = {(one.reader, one.case_id): one for told in given for one in told.values()}
    return log


def write_log(folder, log):
    """The log as a file that any command reads, without waiting for the disk at each line."""
    with patch("wetread.evaluate.log.os.fsync"), LogWriter(folder / "log.jsonl") as writer:
        for one in (log.manifest, *log.cases.values(), *log.answers.values()):
            writer.add(one)
    return folder


def renamed(given, reader):
    return {case: replace(one, reader=reader) for case, one in given.items()}
