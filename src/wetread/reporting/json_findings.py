"""Findings as plain lists and dictionaries."""

from dataclasses import asdict
from typing import Any

from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Evidence, Finding
from wetread.domain.report import Report

Document = dict[str, Any]


def finding_document(report: Report, finding: Finding) -> Document:
    """One finding as a reader or the panel tells it."""
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
        "size": asdict(finding.size) if finding.size else None,
        "temporal": finding.temporal,
        "rationale": finding.rationale,
        "context_dependent": finding.context_dependent,
        "claims_critical": finding.claims_critical,
        "evidence": [_evidence(one) for one in finding.evidence],
    }


def joined_document(report: Report, joined: JoinedFinding) -> Document:
    """A finding of the consensus, with the vocabulary's facts and who said what."""
    term = report.terms.get(joined.finding.code)
    coding = asdict(term.coding) if term and term.coding else None
    return {
        **finding_document(report, joined.finding),
        "coding": coding,
        "acr_category": term.acr_category if term else None,
        "priority_floor": term.floor.value if term else None,
        "target_min": term.target_min if term else None,
        "disputed": joined.disputed,
        "present_by": list(joined.present_by),
        "uncertain_by": list(joined.uncertain_by),
        "absent_by": list(joined.absent_by),
        "told_as": [{"reader": reader, "code": code} for reader, code in joined.told_as],
        "places": list(joined.places),
    }


def _evidence(evidence: Evidence) -> Document:
    told = asdict(evidence)
    told["box"] = list(evidence.box)
    return told
