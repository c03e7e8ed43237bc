"""The report itself: one DiagnosticReport for a study, which every later report of the study changes."""

import base64

from wetread.delivery.fhir.devices import asserted_by_ai
from wetread.delivery.fhir.narrative import narrative
from wetread.delivery.fhir.parts import (
    LOINC,
    REPORTS,
    TERMINOLOGY,
    Json,
    anew,
    built,
    coding,
    concept,
    day,
    instant,
    joined,
    one_line,
    security,
    words,
)
from wetread.delivery.fhir.places import Places, finding_place
from wetread.delivery.fhir.standing import SIGNED, made_at, person, report_status, standing
from wetread.delivery.fhir.subject import Named, sr_identifier
from wetread.delivery.objects.tracking import tracked
from wetread.domain.report import Report, ReportStatus

RADIOLOGY = concept(coding(f"{TERMINOLOGY}/v2-0074", "RAD", "Radiology"))
NARRATIVE = coding(LOINC, "18782-3", "Radiology Study observation (narrative)")


def diagnostic_entry(report: Report, places: Places, *, text: str | None, pdf: bytes | None, objects: Named) -> Json:
    """The report; `text` is all of it in words for the narrative, `pdf` goes along where it is there."""
    told = conclusion(report)
    resource = built(
        meta=_meta(report),
        text=narrative(report.banner, [] if text else told.split("\n")[1:], block=text),
        identifier=[places.report.identifier, {"system": REPORTS, "value": report.report_id}, *sr_identifier(objects)],
        basedOn=[places.order.reference()] if places.order else [],
        status=report_status(report),
        category=[RADIOLOGY],
        code=concept(NARRATIVE, text=_procedure(report)),
        subject=places.patient.reference(),
        effectiveDateTime=day(report.study.study_date),
        issued=instant(made_at(report)),
        performer=[person(report.signature)] if report.signature and report.status in SIGNED else [],
        resultsInterpreter=[person(report.signature)] if report.signature and report.status in SIGNED else [],
        result=[] if report.status is ReportStatus.REJECTED else _results(report, places),
        imagingStudy=[places.study.reference()],
        conclusion=told,
        presentedForm=[_form(report, pdf)] if pdf else [],
    )
    return anew(places.report, resource)


def conclusion(report: Report) -> str:
    """Banner, standing, what is said of the study, what a human added; in that order, a line each."""
    lines = [report.banner, standing(report), _in_place_of(report), words(report.impression)]
    lines += [f"Addendum by {a.by}, {a.at.date().isoformat()}: {a.text}" for a in report.addenda]
    return words("\n".join(line for line in lines if line)) or report.banner


def _in_place_of(report: Report) -> str | None:
    """A preliminary report after a signed one must not pass for it."""
    before = report.supersedes
    if before is None or report.status is not ReportStatus.PRELIMINARY or before.status not in SIGNED:
        return None
    return f"The study changed: this takes the place of signed report {before.report_id}, which stays in the history."


def _meta(report: Report) -> Json:
    by_ai = report.consensus is not None and report.status is ReportStatus.PRELIMINARY
    by_ai |= any(asserted_by_ai(report, one.joined) for one in tracked(report))
    return {**(security(by_ai) or {}), "tag": [coding(REPORTS, report.report_id)]}


def _results(report: Report, places: Places) -> list[Json]:
    return [places.urgency.reference(), *(finding_place(one).reference() for one in tracked(report))]


def _procedure(report: Report) -> str:
    told = report.request.procedure if report.request else None
    named = one_line(told.text) if told else None
    return named or one_line(report.study.description) or joined((*report.study.modalities, "study"))


def _form(report: Report, pdf: bytes) -> Json:
    return {
        "contentType": "application/pdf",
        "data": base64.b64encode(pdf).decode("ascii"),
        "title": report.banner,
        "creation": instant(made_at(report)),
    }
