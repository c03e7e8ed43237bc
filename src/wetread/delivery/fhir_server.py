"""A FHIR R4 server as a destination: the report as one transaction."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from wetread.delivery.fhir import answers
from wetread.delivery.fhir.bundle import as_bundle, bundle_bytes
from wetread.delivery.fhir.parts import REPORTS, Place
from wetread.delivery.fhir.places import PATIENTS
from wetread.delivery.made import Kind, instance_uid, series_uid
from wetread.delivery.originals import key_instances, told_findings
from wetread.delivery.tools import Tools
from wetread.domain.report import Receipt, Report, ReportStatus
from wetread.errors import ConfigurationError, MissingExtra
from wetread.settings import DestinationSettings

if TYPE_CHECKING:
    from wetread.delivery.fhir.wire import Answer, Wire

REMEDIES = {
    401: "set token_env to a variable with a valid token",
    403: "ask for the right to write there",
    404: "set url to its FHIR base",
    413: "let it take larger requests, or set with_pdf = false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirServer:
    """Sends bundles that make nothing twice and change the same report as long as there is a study.

    `objects` are the kinds of our objects that the site's archive is given: the study's entry lists them.
    """

    name: str
    wire: "Wire"
    tools: Tools = field(repr=False)
    with_pdf: bool = False
    objects: tuple[Kind, ...] = ()
    patient_system: str = PATIENTS

    @classmethod
    def configured(cls, name: str, own: DestinationSettings, tools: Tools) -> Self:
        """The server of that name.

        Raises: ConfigurationError naming the key, MissingExtra.
        """
        try:
            from wetread.delivery.fhir.wire import Wire
        except ModuleNotFoundError as problem:
            need = f"sending to a FHIR server needs {problem.name}"
            raise MissingExtra(f"{need}: pip install 'wetread[server]'") from None
        from wetread.delivery.network.tls import client_context

        if own.url is None:
            raise ConfigurationError(f"service.destinations.{name}: kind fhir needs url, its FHIR base (R4)")
        context = client_context(name, own.tls)
        return cls(
            name=name,
            wire=Wire(name, own.url, token_env=own.token_env, context=context, timeout_s=own.timeout_s),
            tools=tools,
            with_pdf=own.with_pdf,
            objects=tuple(Kind(kind) for kind in own.objects) if "objects" in own.model_fields_set else (),
            patient_system=own.patient_system or PATIENTS,
        )

    async def deliver(self, report: Report) -> Receipt:
        """Have the whole transaction taken.

        Raises: DeliveryFailed, MissingExtra (with_pdf without the extra pdf).
        """
        bundle = await asyncio.to_thread(self._bundle, report)
        data, sent = bundle
        return self._judged(report, await self.wire.transact(data), sent)

    async def receipt_of(self, report: Report) -> Receipt | None:
        """The receipt where the server has this very report, not an earlier or later one of the study.

        Raises: DeliveryFailed where it can't tell for now.
        """
        place = Place(kind="DiagnosticReport", system=REPORTS, value=report.report_id)
        answer = await self.wire.search(f"{place.kind}?{place.search}")
        told = answers.parsed(answer.body)
        if answer.status != 200 or told is None or told.get("resourceType") != "Bundle":
            return None  # sending it again is safe, and says better what is wrong
        found = answers.reported_under(answers.entries_of(told), REPORTS, report.report_id)
        return self._receipt(report, f"DiagnosticReport/{found}") if found else None

    def _bundle(self, report: Report) -> tuple[bytes, int]:
        bundle = as_bundle(
            report,
            text=self.tools.render(report, "text").decode("utf-8", "replace"),
            pdf=self.tools.render(report, "pdf") if self.with_pdf else None,
            objects=self._objects(report),
            patient_system=self.patient_system,
        )
        return bundle_bytes(bundle), len(bundle["entry"])

    def _objects(self, report: Report) -> dict[Kind, tuple[str, str]]:
        """Those that there are of this report: no key images without findings, nothing without a DICOM study."""
        if not report.study.study_uid or not key_instances(report):
            return {}
        has_keys = report.status is not ReportStatus.REJECTED and bool(told_findings(report))
        kinds = [kind for kind in self.objects if kind is Kind.SR or (kind is Kind.KO and has_keys)]
        return {kind: (series_uid(report.report_id, kind), instance_uid(report.report_id, kind)) for kind in kinds}

    def _judged(self, report: Report, answer: "Answer", sent: int) -> Receipt:
        """What the server's answer means for us.

        Raises: DeliveryFailed.
        """
        told = answers.parsed(answer.body)
        if not 200 <= answer.status < 300:
            self._refuse(answer.status, answers.why(told, report))
        entries = answers.entries_of(told)
        if told is None or told.get("resourceType") != "Bundle" or len(entries) != sent:
            raise self.wire.failed(f"its answer ({answer.status}) is no response to the transaction; is url right?")
        refused = [status for status in answers.statuses_of(entries) if status not in {200, 201}]
        if refused:  # a server that takes parts of a transaction is no better than one that takes none
            lasting = [status for status in refused if status and not answers.may_succeed_later(status)]
            self._refuse((lasting or refused)[0], answers.why(told, report))
        return self._receipt(report, answers.place_of_report(entries) or f"report {report.report_id}")

    def _refuse(self, status: int, why: str) -> None:
        what = f"it answers {status or 'nothing'} {f'({why})' if why else ''}".strip()
        if not status or answers.may_succeed_later(status):
            raise self.wire.failed(what)
        where = "set url to where it leads" if 300 <= status < 400 else "look at its log"
        raise self.wire.failed(what, REMEDIES.get(status, where))

    def _receipt(self, report: Report, reference: str) -> Receipt:
        return Receipt(destination=self.name, report_id=report.report_id, reference=reference)
