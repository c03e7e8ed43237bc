"""Findings as Observations, one for each that is or may be there, and one for the urgency of the study."""

from wetread.delivery.fhir.devices import asserted_by_ai, device_of, software_place
from wetread.delivery.fhir.narrative import narrative
from wetread.delivery.fhir.parts import (
    OWN_CODES,
    SYSTEMS,
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
    published,
    security,
    words,
)
from wetread.delivery.fhir.places import Places, finding_place
from wetread.delivery.fhir.standing import made_at, observation_status, person, standing
from wetread.delivery.objects import codes
from wetread.delivery.objects.tracking import Tracked
from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Finding, Presence, Size
from wetread.domain.report import Report, ReportStatus
from wetread.domain.vocabulary import Term

IMAGING = concept(coding(f"{TERMINOLOGY}/observation-category", "imaging", "Imaging"))
PRESENCES = {
    Presence.PRESENT: published(codes.concept("present")),
    Presence.UNCERTAIN: published(codes.own("uncertain")),
}


def finding_entry(report: Report, places: Places, one: Tracked) -> Json:
    """A finding that is or may be there."""
    place, joined_, finding = finding_place(one), one.joined, one.joined.finding
    by_ai = asserted_by_ai(report, joined_)
    resource = built(
        meta=security(by_ai),
        text=narrative(report.banner, [_in_words(report, finding), standing(report)]),
        identifier=[place.identifier],
        status=observation_status(report),
        category=[IMAGING],
        code=code_of(report, finding.code),
        subject=places.patient.reference(),
        effectiveDateTime=day(report.study.study_date),
        issued=instant(made_at(report)),
        performer=[person(report.signature)] if report.signature else [],
        valueCodeableConcept=concept(PRESENCES[finding.presence], text=finding.presence.value),
        interpretation=[_interpretation(report, finding)],
        note=_notes(joined_),
        bodySite=_site(report, finding),
        method={"text": standing(report)},
        device=device_of(report, joined_).reference() if by_ai else None,
        derivedFrom=[places.study.reference()],
        component=_components(report, finding),
    )
    return anew(place, resource)


def fallen_entry(report: Report, places: Places, one: Tracked) -> Json:
    """A finding of the earlier report that no longer stands: it says so and nothing else of the study."""
    place, before = finding_place(one), report.supersedes
    told = f"Withdrawn: said in report {before.report_id if before else '?'}, no longer in {report.report_id}."
    resource = built(
        meta=security(asserted_by_ai(report, one.joined)),
        text=narrative(report.banner, [told, standing(report)]),
        identifier=[place.identifier],
        status="entered-in-error",
        category=[IMAGING],
        code=code_of(report, one.joined.finding.code),
        subject=places.patient.reference(),
        issued=instant(made_at(report)),
        note=[{"text": told}],
        derivedFrom=[places.study.reference()],
    )
    return anew(place, resource)


def urgency_entry(report: Report, places: Places) -> Json:
    """How soon a human must act; where nobody read there is no value but the reason why there is none."""
    unread = report.consensus is None
    withdrawn = report.status is ReportStatus.REJECTED
    urgency = f"{report.urgency.priority.value} {report.urgency_label}".strip()
    absent = concept(
        coding(f"{TERMINOLOGY}/data-absent-reason", "not-performed", "Not Performed"),
        text="AI did not read this study; that says nothing of the pictures",
    )
    value = concept(coding(OWN_CODES, report.urgency.priority.value), text=urgency)
    resource = built(
        meta=security(not unread),
        text=narrative(report.banner, [None if withdrawn else f"Urgency: {urgency}", standing(report)]),
        identifier=[places.urgency.identifier],
        status="entered-in-error" if withdrawn else observation_status(report),
        category=[IMAGING],
        code=concept(published(codes.own("urgency")), text="Urgency of the study"),
        subject=places.patient.reference(),
        effectiveDateTime=day(report.study.study_date),
        issued=instant(made_at(report)),
        valueCodeableConcept=None if unread else value,
        dataAbsentReason=absent if unread and not withdrawn else None,
        note=[{"text": why} for reason in report.urgency.reasons if (why := words(reason.text, 1000))][:20],
        device=software_place(report).reference(),
        derivedFrom=[places.study.reference()],
    )
    return anew(places.urgency, resource)


def code_of(report: Report, code: str) -> Json:
    """Our own code first, for it says exactly what is meant; then the public one of the same or a wider meaning."""
    term = report.terms.get(code)
    label = term.label if term else code
    return concept(coding(OWN_CODES, code, label), *_public(term), text=label)


def _public(term: Term | None) -> list[Json]:
    """A narrower code would say more than was seen, so it is left out."""
    told = term.coding if term else None
    if told is None or told.match == "narrower" or told.system not in SYSTEMS:
        return []
    return [coding(SYSTEMS[told.system], told.code, told.meaning)]


def _interpretation(report: Report, finding: Finding) -> Json:
    system, term = f"{TERMINOLOGY}/v3-ObservationInterpretation", report.terms.get(finding.code)
    if finding.presence is Presence.UNCERTAIN:
        return concept(coding(system, "IND", "Indeterminate"))
    if term is not None and term.acr_category == 1:
        return concept(coding(system, "AA", "Critical abnormal"))
    return concept(coding(system, "A", "Abnormal"))


def _site(report: Report, finding: Finding) -> Json | None:
    term, side = report.terms.get(finding.code), finding.laterality
    region = codes.listed("regions", term.region) if term else None
    place = one_line(finding.location) or (region.meaning.lower() if region else None)
    text = joined((side.value if side else None, place))
    return concept(*([published(region)] if region else []), text=text) if text else None


def _components(report: Report, finding: Finding) -> list[Json]:
    term, side = report.terms.get(finding.code), finding.laterality
    parts = [_certainty(finding)]
    if side is not None and (coded := codes.listed("laterality", side.value)):
        name = concept(published(codes.concept("laterality")))
        parts.append({"code": name, "valueCodeableConcept": concept(published(coded))})
    if term is not None and (category := codes.listed("actionable", str(term.acr_category))):
        name = concept(published(codes.own("actionable")))
        parts.append({"code": name, "valueCodeableConcept": concept(published(category))})
    if finding.size is not None:
        parts.append(_size(finding.size))
    for what, value in (("Severity", finding.severity), ("Change", finding.temporal)):
        if text := one_line(value):
            parts.append({"code": concept(text=what), "valueString": text})
    return parts


def _size(size: Size) -> Json:
    unit = codes.listed("units", size.unit)
    known = {"system": SYSTEMS["UCUM"], "code": unit.value} if unit else {}
    amount = built(value=size.value, unit=one_line(size.unit), **known)
    return {"code": concept(text=f"Size ({size.method.replace('_', ' ')})"), "valueQuantity": amount}


def _certainty(finding: Finding) -> Json:
    """A number only where a calibrator of its own stands behind it, else the reason why there is none."""
    value, name = stated_percent(finding), concept(published(codes.concept("certainty")))
    if value is None:
        unknown = coding(f"{TERMINOLOGY}/data-absent-reason", "unknown", "Unknown")
        return {"code": name, "dataAbsentReason": concept(unknown, text="no calibrated probability")}
    quantity = {"value": value, "unit": "%", "system": SYSTEMS["UCUM"], "code": "%"}
    return {"code": name, "valueQuantity": quantity}


def stated_percent(finding: Finding) -> float | None:
    """The calibrated probability in percent."""
    stated = finding.stated_probability
    return None if stated is None else round(100 * stated, 1)


def _in_words(report: Report, finding: Finding) -> str:
    term, percent = report.terms.get(finding.code), stated_percent(finding)
    side = finding.laterality.value if finding.laterality else None
    name = joined((side, term.label if term else finding.code, finding.location and f"({finding.location})"))
    return f"{finding.presence.value}: {name}" + ("" if percent is None else f", {percent:g} %")


def _notes(one: JoinedFinding) -> list[Json]:
    """Who said what, where there is more than one voice."""
    voices = (("present", one.present_by), ("uncertain", one.uncertain_by), ("absent", one.absent_by))
    if sum(len(names) for _, names in voices) < 2:
        return []
    told = "; ".join(f"{what}: {', '.join(names)}" for what, names in voices if names)
    return [{"text": text}] if (text := words(told)) else []
