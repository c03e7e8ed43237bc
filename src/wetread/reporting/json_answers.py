"""Readers' answers and what they took, as plain lists and dictionaries. Nothing a reader said is left out here."""

from dataclasses import asdict

from wetread.domain.consensus import Spending, Total, spending_of
from wetread.domain.read import Abstention, Answer, Read, ReaderIdentity, Trace
from wetread.domain.report import Report
from wetread.reporting.claims import claims
from wetread.reporting.json_findings import Document, finding_document


def answer_document(report: Report, answer: Answer) -> Document:
    """A read or an abstention, with the same keys."""
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
            **dict.fromkeys(("quality", "priority_claim")),
            "impression": [],
            "differential": [],
            "recommendations": [],
            **dict.fromkeys(("usage", "trace")),
            "original": answer.original,
        }
    return {
        **_reader(answer.reader),
        "status": "read",
        "reason": None,
        "code": None,
        "failed": False,
        "abnormal_probability": answer.abnormal_probability,
        "findings": [finding_document(report, finding) for finding in answer.findings],
        "limitations": [asdict(limitation) for limitation in answer.limitations],
        "cost_usd": answer.cost_usd,
        **_claimed(answer),
        "usage": asdict(answer.usage) if answer.usage else None,
        "trace": _trace(answer.trace) if answer.trace else None,
        "original": answer.original,
    }


def _reader(reader: ReaderIdentity) -> Document:
    return {
        "reader": reader.name,
        "version": reader.version,
        "fingerprint": reader.fingerprint,
        "model_id": reader.model_id,
    }


def _claimed(read: Read) -> Document:
    quality = read.quality
    return {
        "quality": {"grade": quality.grade, "issues": list(quality.issues)} if quality else None,
        "priority_claim": read.priority_claim.value if read.priority_claim else None,
        "impression": [{"text": item.text, "cites": list(item.cites)} for item in read.impression],
        "differential": [
            {**asdict(one), "supports": list(one.supports), "against": list(one.against)} for one in read.differential
        ],
        "recommendations": [asdict(one) for one in read.recommendations],
    }


def _trace(trace: Trace) -> Document:
    return {**asdict(trace), "passes": list(trace.passes), "hops": list(trace.hops)}


def impression_document(report: Report) -> Document:
    """The report's own sentence, and those of its readers that rest on a finding which stands."""
    every = claims(report)
    return {
        "text": report.impression,
        "quotes": [
            {"reader": one.reader, "text": item.text, "cites": list(item.cites)} for one in every for item in one.quotes
        ],
        "removed": sum(one.removed for one in every),
    }


def spending_document(report: Report) -> Document:
    """By reader and in sum; a sum names whose part is not known."""
    spending: Spending = spending_of(report.answers)
    return {
        "readers": [asdict(spend) for spend in spending.readers],
        "cost_usd": _total(spending.cost_usd),
        "predicted_cost_usd": _total(spending.predicted_cost_usd),
        "input_tokens": _total(spending.input_tokens),
        "output_tokens": _total(spending.output_tokens),
        "slowest_s": spending.slowest_s,
    }


def _total(total: Total) -> Document:
    return {"known": total.known, "unknown_for": list(total.unknown_for)}
