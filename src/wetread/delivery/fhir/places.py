"""Where each resource of a report is found again: identifiers that stay the same from send to send."""

from dataclasses import dataclass, replace

from wetread.delivery.fhir.parts import DICOM_UID, REPORTS, Place, one_line
from wetread.delivery.objects.tracking import Tracked, tracked
from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.report import Report, ReportStatus
from wetread.domain.study import Study

PATIENTS = "urn:wetread:patient-id"
ACCESSIONS = "urn:wetread:accession-number"
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places of what there is once for a study or a report. `order` is None where nobody knows of one."""

    patient: Place
    study: Place
    order: Place | None
    report: Place
    urgency: Place
    task: Place
    provenance: Place


def places_of(report: Report, patient_system: str = PATIENTS) -> Places:
    """The places of a report's resources.

    A patient is only ever looked for by number and system together: a bare number is another patient at another site.
    Where no system is set, the number counts in a system of our own, which never meets the hospital's patients.
    """
    key = _key(report.study)
    return Places(
        patient=_patient(report.study, patient_system),
        study=_study(report.study),
        order=_order(report),
        report=Place(kind="DiagnosticReport", system="urn:wetread:report-of-study", value=key),
        urgency=Place(kind="Observation", system="urn:wetread:urgency-of-study", value=key),
        task=Place(kind="Task", system="urn:wetread:review-of-study", value=key),
        provenance=Place(kind="Provenance", system=REPORTS, value=report.report_id, by="_tag"),
    )


def finding_place(one: Tracked) -> Place:
    """The place of a finding: its Tracking UID (112040), by which the DICOM SR names it too."""
    return Place(kind="Observation", system=DICOM_UID, value=f"urn:oid:{one.uid}")


def superseded(report: Report) -> tuple[Tracked, ...]:
    """What the earlier report said is or may be there and this one no longer says."""
    if report.supersedes is None:
        return ()
    stands = {one.uid for one in tracked(report)}
    return tuple(one for one in tracked(_as_before(report, report.supersedes.findings)) if one.uid not in stands)


def _as_before(report: Report, findings: tuple[JoinedFinding, ...]) -> Report:
    said = Consensus(findings=findings, readers=(), abnormal_probability=None, weighting="as it was")
    return replace(report, status=ReportStatus.PRELIMINARY, signature=None, consensus=said)


def _key(study: Study) -> str:
    return _uri(study.study_uid) or study.ref


def _study(study: Study) -> Place:
    uid = _uri(study.study_uid)
    system = DICOM_UID if uid else "urn:wetread:study"
    return Place(kind="ImagingStudy", system=system, value=uid or study.ref)


def _patient(study: Study, system: str) -> Place:
    number = one_line(study.patient.patient_id, LONGEST)
    if number:
        return Place(kind="Patient", system=system, value=number)
    return Place(kind="Patient", system="urn:wetread:patient-of-study", value=_key(study))


def _order(report: Report) -> Place | None:
    told = report.request
    named = (
        ("urn:wetread:placer-order-number", told.placer_number if told else None),
        ("urn:wetread:filler-order-number", told.filler_number if told else None),
        (ACCESSIONS, accession_of(report)),
    )
    for system, value in named:
        if number := one_line(value, LONGEST):
            return Place(kind="ServiceRequest", system=system, value=number)
    return None


def accession_of(report: Report) -> str | None:
    """The accession number, from the order that was matched, from the order's context, or from the images."""
    told = report.request.accession_number if report.request else None
    return told or report.order.accession_number or report.study.accession_number


def _uri(uid: str | None) -> str | None:
    plain = one_line(uid, LONGEST)
    return f"urn:oid:{plain}" if plain else None
