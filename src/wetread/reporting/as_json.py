"""The report as one JSON object, `wetread.report/1`. Key order is fixed; nothing in it depends on the clock."""

import json
import re
from dataclasses import asdict
from typing import Any

from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Evidence, Finding
from wetread.domain.read import Abstention, Answer, ReaderIdentity
from wetread.domain.report import Report
from wetread.domain.study import Instance, Study
from wetread.domain.view import View
from wetread.reporting.words import notice

SCHEMA = "wetread.report/1"
UNPRINTABLE = re.compile(r"[^ -~]")
Document = dict[str, Any]


def as_json(report: Report) -> bytes:
    """One line of UTF-8 JSON."""
    text = json.dumps(document(report), ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
    return UNPRINTABLE.sub(_escaped, text).encode("utf-8")


def _escaped(found: re.Match[str]) -> str:
    """A character that could move a terminal's cursor, turn the text round or end the line, as JSON's own escape."""
    character = found[0]
    return character if character.isprintable() or character == " " else json.dumps(character)[1:-1]


def document(report: Report) -> Document:
    """The report as plain lists and dictionaries."""
    joined = report.consensus.findings if report.consensus else ()
    return {
        "schema": SCHEMA,
        "report_id": report.report_id,
        "status": report.status.value,
        "banner": report.banner,
        "notice": notice(report),
        "study": _study(report.study),
        "order": _order(report),
        "urgency": _urgency(report),
        "impression": {"text": report.impression},
        "findings": [_joined(report, one) for one in joined],
        "checked": list(report.checked),
        "not_assessed": list(report.not_assessed),
        "consensus": _consensus(report),
        "answers": [_answer(report, answer) for answer in report.answers],
        "limitations": [asdict(limitation) for limitation in report.limitations],
        "failures": [asdict(failure) for failure in report.failures],
        "provenance": _provenance(report),
    }


def _study(study: Study) -> Document:
    return {
        "ref": study.ref,
        "study_uid": study.study_uid,
        "accession_number": study.accession_number,
        "study_date": study.study_date,
        "modalities": list(study.modalities),
        "patient": asdict(study.patient),
        "instances": [
            _instance(instance, series.series_uid) for series in study.series for instance in series.instances
        ],
        "flags": [asdict(flag) for flag in study.flags],
    }


def _instance(instance: Instance, series_uid: str | None) -> Document:
    return {
        "file": instance.file,
        "sop_instance_uid": instance.sop_instance_uid,
        "series_uid": series_uid,
        "kind": instance.kind.value,
        "modality": instance.modality,
        "body_part": instance.body_part,
        "projection": instance.projection,
        "rows": instance.rows,
        "columns": instance.columns,
        "frames": instance.frames,
        "sha256": instance.sha256,
        "flags": [asdict(flag) for flag in instance.flags],
    }


def _order(report: Report) -> Document:
    order = asdict(report.order)
    order["priority"] = report.order.priority.value if report.order.priority else None
    return order


def _urgency(report: Report) -> Document:
    urgency = report.urgency
    reasons = [
        {
            "source": reason.source,
            "priority": reason.priority.value,
            "rule_id": reason.rule_id,
            "text": reason.text,
            "finding": reason.finding,
        }
        for reason in urgency.reasons
    ]
    return {
        "priority": urgency.priority.value,
        "label": report.urgency_label,
        "target_min": urgency.target_min,
        "reasons": reasons,
        "policy_version": urgency.policy_version,
    }


def _finding(report: Report, finding: Finding) -> Document:
    term = report.terms.get(finding.code)
    return {
        "code": finding.code,
        "label": term.label if term else None,
        "public_label": term.public_label if term else None,
        "presence": finding.presence.value,
        "probability": finding.probability,
        "calibrator_id": finding.calibrator_id,
        "confidence_raw": finding.confidence_raw,
        "confidence_kind": finding.confidence_kind,
        "laterality": finding.laterality.value if finding.laterality else None,
        "location": finding.location,
        "severity": finding.severity,
        "rationale": finding.rationale,
        "evidence": [_evidence(one) for one in finding.evidence],
    }


def _evidence(evidence: Evidence) -> Document:
    told = asdict(evidence)
    told["box"] = list(evidence.box)
    return told


def _joined(report: Report, joined: JoinedFinding) -> Document:
    term = report.terms.get(joined.finding.code)
    coding = asdict(term.coding) if term and term.coding else None
    return {
        **_finding(report, joined.finding),
        "coding": coding,
        "acr_category": term.acr_category if term else None,
        "priority_floor": term.floor.value if term else None,
        "target_min": term.target_min if term else None,
        "disputed": joined.disputed,
        "present_by": list(joined.present_by),
        "uncertain_by": list(joined.uncertain_by),
        "absent_by": list(joined.absent_by),
    }


def _consensus(report: Report) -> Document | None:
    consensus = report.consensus
    if consensus is None:
        return None
    return {
        "readers": list(consensus.readers),
        "weighting": consensus.weighting,
        "agreement": consensus.agreement,
        "abnormal_probability": consensus.abnormal_probability,
    }


def _answer(report: Report, answer: Answer) -> Document:
    if isinstance(answer, Abstention):
        return {
            **_reader(answer.reader),
            "status": "abstained",
            "reason": answer.reason,
            "code": answer.code,
            "failed": answer.failed,
            "abnormal_probability": None,
            "findings": [],
            "limitations": [],
            "cost_usd": None,
        }
    return {
        **_reader(answer.reader),
        "status": "read",
        "reason": None,
        "code": None,
        "failed": False,
        "abnormal_probability": answer.abnormal_probability,
        "findings": [_finding(report, finding) for finding in answer.findings],
        "limitations": [asdict(limitation) for limitation in answer.limitations],
        "cost_usd": answer.cost_usd,
    }


def _reader(reader: ReaderIdentity) -> Document:
    return {
        "reader": reader.name,
        "version": reader.version,
        "fingerprint": reader.fingerprint,
        "model_id": reader.model_id,
    }


def _provenance(report: Report) -> Document:
    trace = report.provenance
    return {
        "software": trace.software,
        "vocabulary": {
            "version": trace.vocabulary_version,
            "sha256": trace.vocabulary_sha256,
            "signed_off_by": trace.vocabulary_signed_off_by,
        },
        "policy": {"version": trace.policy_version, "sha256": trace.policy_sha256},
        "libraries": dict(trace.libraries),
        "views": [_view(view) for view in report.views],
    }


def _view(view: View) -> Document:
    window = view.window
    return {
        "kind": view.kind.value,
        "file": view.origin.file if view.origin else None,
        "frame": view.origin.frame if view.origin else None,
        "window": {"center": window.center, "width": window.width, "origin": window.origin.value} if window else None,
        "width": view.width,
        "height": view.height,
        "pixel_sha256": view.pixel_sha256,
        "recipe": list(view.recipe),
    }
