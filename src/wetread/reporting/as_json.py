"""The report as one JSON object, `wetread.report/1`. Key order is fixed; nothing in it depends on the clock."""

import json
import re
from dataclasses import asdict

from wetread.domain.report import Report
from wetread.domain.study import Instance, Study
from wetread.domain.view import View
from wetread.reporting.json_answers import answer_document, impression_document, spending_document
from wetread.reporting.json_findings import Document, joined_document
from wetread.reporting.signing import signing_document
from wetread.reporting.words import notice

SCHEMA = "wetread.report/1"
UNPRINTABLE = re.compile(r"[^ -~]")


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
        "impression": impression_document(report),
        "findings": [joined_document(report, one) for one in joined],
        "checked": list(report.checked),
        "not_assessed": list(report.not_assessed),
        "consensus": _consensus(report),
        "answers": [answer_document(report, answer) for answer in report.answers],
        "spending": spending_document(report),
        "limitations": [asdict(limitation) for limitation in report.limitations],
        "failures": [asdict(failure) for failure in report.failures],
        "provenance": _provenance(report),
        **signing_document(report),
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


def _consensus(report: Report) -> Document | None:
    consensus = report.consensus
    if consensus is None:
        return None
    return {
        "readers": list(consensus.readers),
        "weighting": consensus.weighting,
        "agreement": consensus.agreement,
        "escalated": list(consensus.escalated),
        "excluded": [asdict(one) for one in consensus.excluded],
        "discounted": list(consensus.discounted),
        "figures_not_used": list(consensus.figures_not_used),
        "abnormal_probability": consensus.abnormal_probability,
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
        **({"lineup": dict(trace.lineup)} if trace.lineup else {}),
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
