"""Who did what to the report (Provenance), and the work that it asks of a human (Task)."""

from datetime import timedelta

from wetread.delivery.fhir.devices import device_place, software_place
from wetread.delivery.fhir.parts import REPORTS, TERMINOLOGY, Json, anew, built, coding, concept, instant, once
from wetread.delivery.fhir.places import Places, finding_place
from wetread.delivery.fhir.standing import SIGNED, made_at, person, standing
from wetread.delivery.objects.air import readers_of
from wetread.delivery.objects.tracking import tracked
from wetread.domain.report import Report, ReportStatus
from wetread.domain.urgency import Priority

PRIORITIES = {  # http://hl7.org/fhir/R4/valueset-request-priority.html
    Priority.P1: "stat",
    Priority.P2: "urgent",
    Priority.UNREAD: "urgent",
    Priority.P3: "urgent",
    Priority.P4: "routine",
    Priority.P5: "routine",
}
TASK_CODE = coding("http://hl7.org/fhir/CodeSystem/task-code", "approve", "Activate/approve the focal resource")


def provenance_entry(report: Report, places: Places) -> Json:
    """One for each report, so that the history of a study's report stays readable.

    The readers are its authors, the software put it together; a person takes part only by a signature.
    """
    targets = [places.report.reference()]
    if report.status is not ReportStatus.REJECTED:
        targets += [finding_place(one).reference() for one in tracked(report)]
    before = report.supersedes
    entity = {"role": "revision", "what": _named(before.report_id)} if before else None
    source = {"role": "source", "what": places.study.reference()}
    resource = built(
        meta={"tag": [coding(REPORTS, report.report_id)]},
        target=targets,
        recorded=instant(made_at(report)),
        activity=_activity(report),
        agent=_agents(report),
        entity=[*([entity] if entity else []), source],
    )
    return once(places.provenance, resource)


def _agents(report: Report) -> list[Json]:
    agents = [_agent("assembler", "Assembler", software_place(report).reference("wetread"))]
    if report.status is not ReportStatus.REJECTED:
        agents += [_agent("author", "Author", device_place(one).reference(one.name)) for one in readers_of(report)]
    if report.signature is not None:
        is_attested = report.status in SIGNED
        kind = ("attester", "Attester") if is_attested else ("author", "Author")
        agents.append(_agent(*kind, person(report.signature)))
    return agents


def _agent(code: str, display: str, who: Json) -> Json:
    return {"type": concept(coding(f"{TERMINOLOGY}/provenance-participant-type", code, display)), "who": who}


def _activity(report: Report) -> Json:
    if report.status is ReportStatus.REJECTED:
        told = ("NULLIFY", "nullify")
    elif report.supersedes is not None:
        told = ("UPDATE", "revise")
    else:
        told = ("CREATE", "create")
    return concept(coding(f"{TERMINOLOGY}/v3-DataOperation", *told))


def _named(report_id: str) -> Json:
    return {"type": "DiagnosticReport", "identifier": {"system": REPORTS, "value": report_id}}


def task_entry(report: Report, places: Places) -> Json:
    """The review that is asked for while the report is preliminary, done with the signature, void when withdrawn."""
    at, by = made_at(report), report.signature
    due = {"period": {"end": instant(at + timedelta(minutes=report.urgency.target_min))}}
    status = "requested" if by is None else "completed" if report.status in SIGNED else "cancelled"
    resource = built(
        identifier=[places.task.identifier],
        basedOn=[places.order.reference()] if places.order else [],
        status=status,
        statusReason={"text": standing(report)} if status == "cancelled" else None,
        intent="order",
        priority=PRIORITIES[report.urgency.priority],
        code=concept(TASK_CODE, text="Review of a preliminary report"),
        description=f"{report.banner}. {standing(report)}",
        focus=places.report.reference(),
        **{"for": places.patient.reference()},
        authoredOn=instant(at),
        lastModified=instant(at),
        requester=software_place(report).reference("wetread"),
        owner=person(by) if by else None,
        restriction=due if status == "requested" else None,
    )
    return anew(places.task, resource)
