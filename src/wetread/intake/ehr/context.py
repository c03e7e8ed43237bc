"""The context of a study from a FHIR server. Whatever the server does, the read goes on and learns what is missing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from wetread.domain.order import Laboratory
from wetread.domain.study import Patient, Study
from wetread.errors import MissingExtra, SourceUnavailable
from wetread.intake.ehr.gathered import Gathered
from wetread.settings.delivery import ContextSettings

if TYPE_CHECKING:
    from wetread.intake.ehr.client import FhirClient, Item

Part = TypeVar("Part")
LABORATORY_VALUES = 200  # asked for, so that the newest of each is among them
DAYS_A_YEAR = 365.2425
A_DAY = timedelta(days=1)  # clocks and zones differ
RADIOLOGY = "RAD,LP29684-5"  # v2-0074 and LOINC
CONDITIONS, VALUES, STATEMENTS, REQUESTS, REPORTS = (
    "Condition",
    "Observation",
    "MedicationStatement",
    "MedicationRequest",
    "DiagnosticReport",
)


def open_context(settings: ContextSettings) -> "ClinicalContext":
    """What asks the server of the settings.

    Raises: ConfigurationError naming the key, MissingExtra.
    """
    try:
        from wetread.intake.ehr.client import FhirClient
    except ModuleNotFoundError as problem:
        raise MissingExtra(f"asking a FHIR server needs {problem.name}: pip install 'wetread[server]'") from None
    return ClinicalContext(client=FhirClient(settings), settings=settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalContext:
    """Asks a FHIR server what it knows of a study's patient, within one time limit for all of it."""

    client: "FhirClient"
    settings: ContextSettings

    async def fetch(self, study: Study, *, today: date) -> Gathered:
        """What there is in time; everything else is among the problems. It raises nothing of the server's making."""
        deadline = asyncio.get_running_loop().time() + self.settings.timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                patient = await self._patient(study.patient)
        except TimeoutError:
            return Gathered(problems=(f"the patient: no answer within {self.settings.timeout_s:g} s",))
        except SourceUnavailable as problem:
            return Gathered(problems=(f"the patient: {problem}",))
        answers, problems = await self._all(str(patient.get("id")), _day_of(study, today), deadline)
        return self._gathered(study, patient, answers, problems=problems)

    async def _patient(self, known: Patient) -> "Item":
        """The one patient of that number. A number alone is not enough to be sure whose record it is.

        Raises: SourceUnavailable.
        """
        from wetread.intake.ehr import resources

        number, system = (known.patient_id or "").strip(), self.settings.patient_system
        if not number:
            raise SourceUnavailable("the images name no patient number")
        escaped = "".join(f"\\{c}" if c in "\\,$|" else c for c in number)
        named = f"{system}|{escaped}" if system else escaped
        found = await self.client.found("Patient", {"identifier": named, "_count": "2"}, most=2)
        if len(found) != 1:
            raise SourceUnavailable(f"{'several records have' if found else 'no record has'} this number")
        born = resources.birth_date(found[0])
        told = None if born is None else born.isoformat()
        if told and known.birth_date and told != known.birth_date:
            raise SourceUnavailable("the record of this number was born on another day; nothing is taken from it")
        if system is None and not (told and known.birth_date):
            raise SourceUnavailable("the number may be another patient's; set patient_system")
        if resources.line(found[0].get("id")) is None:
            raise SourceUnavailable("the record has no id")
        return found[0]

    async def _all(
        self, patient_id: str, day: date, deadline: float
    ) -> tuple[dict[str, list["Item"]], tuple[str, ...]]:
        """What each search gives, and the problems of those that give nothing."""
        searches = self._searches(patient_id, day)
        tasks = {
            kind: asyncio.ensure_future(self.client.found(kind, asked, most=_most(kind, self.settings.most)))
            for kind, asked in searches.items()
        }
        left_s = max(0.0, deadline - asyncio.get_running_loop().time())
        try:
            await asyncio.wait(tasks.values(), timeout=left_s)
        finally:
            late = [kind for kind, task in tasks.items() if task.cancel()]
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        problems = [f"{kind}: no answer within {self.settings.timeout_s:g} s" for kind in late]
        answers: dict[str, list[Item]] = {}
        for kind, task in tasks.items():
            try:
                answers[kind] = task.result()
            except asyncio.CancelledError:
                continue
            except SourceUnavailable as problem:
                problems.append(f"{kind}: {problem}")
        own = _own(answers, patient_id, problems)
        return {kind: [one for one in items if self._in_reach(kind, one, day)] for kind, items in own.items()}, tuple(
            problems
        )

    def _in_reach(self, kind: str, item: "Item", day: date) -> bool:
        """Whether it was known when the study was made, and not too long before."""
        from wetread.intake.ehr import resources

        told = resources.when(item)
        if told is None or kind not in {VALUES, REPORTS}:
            return told is None or date.fromisoformat(told) <= day + A_DAY
        return day - timedelta(days=self.settings.look_back_days) <= date.fromisoformat(told) <= day + A_DAY

    def _searches(self, patient_id: str, day: date) -> Mapping[str, Mapping[str, str]]:
        of = {"patient": patient_id, "_count": str(self.settings.most)}
        since = f"ge{(day - timedelta(days=self.settings.look_back_days)).isoformat()}"
        return {
            CONDITIONS: {**of, "clinical-status": "active", "_sort": "-recorded-date"},
            VALUES: {
                **of,
                "category": "laboratory",
                "date": since,
                "_sort": "-date",
                "_count": str(LABORATORY_VALUES),
            },
            STATEMENTS: {**of, "status": "active"},
            REQUESTS: {**of, "status": "active", "_sort": "-authoredon"},
            REPORTS: {**of, "category": RADIOLOGY, "date": since, "_sort": "-date"},
        }

    def _gathered(
        self, study: Study, patient: "Item", answers: Mapping[str, list["Item"]], *, problems: tuple[str, ...]
    ) -> Gathered:
        from wetread.intake.ehr import resources

        most = self.settings.most
        sorted_ = {kind: resources.newest_first(items) for kind, items in answers.items()}
        takes = (*sorted_.get(STATEMENTS, ()), *sorted_.get(REQUESTS, ()))
        conditions = _distinct(map(resources.condition, sorted_.get(CONDITIONS, ())), str.casefold, most)
        medications = _distinct(map(resources.medication, takes), str.casefold, most)
        values = map(resources.laboratory, sorted_.get(VALUES, ()))
        accession = study.accession_number
        reports = (resources.prior(item, accession=accession) for item in sorted_.get(REPORTS, ()))
        own, born = study.patient, resources.birth_date(patient)
        has_age = own.age_years is not None or own.birth_date is not None
        return Gathered(
            history=(*conditions, *medications),
            laboratory=_distinct(values, _name, most),
            priors=_distinct(reports, lambda prior: prior.text, most),
            sex=None if own.sex else resources.sex(patient),
            age_years=None if has_age or born is None else _years(born, study),
            problems=problems,
        )


def _own(answers: dict[str, list["Item"]], patient_id: str, problems: list[str]) -> dict[str, list["Item"]]:
    """What is of this patient; a server that mixes in another's is told on."""
    from wetread.intake.ehr import resources

    own = {kind: [item for item in items if resources.is_of(item, patient_id)] for kind, items in answers.items()}
    for kind, items in answers.items():
        if foreign := len(items) - len(own[kind]):
            problems.append(f"{kind}: {foreign} are not said to be of this patient and were left out")
    return own


def _most(kind: str, most: int) -> int:
    return LABORATORY_VALUES if kind == VALUES else most


def _day_of(study: Study, today: date) -> date:
    """The day of the study: an old one is read with what was known then in reach."""
    try:
        return date.fromisoformat(study.study_date or "")
    except ValueError:
        return today


def _years(born: date, study: Study) -> float | None:
    """Age at the study; None where the study tells no day."""
    try:
        days = (date.fromisoformat(study.study_date or "") - born).days
    except ValueError:
        return None
    return round(days / DAYS_A_YEAR, 1) if days >= 0 else None


def _distinct(parts: Iterable[Part | None], key: Callable[[Part], str], most: int) -> tuple[Part, ...]:
    """The first of each, at most so many."""
    kept: dict[str, Part] = {}
    for part in parts:
        if part is not None and len(kept) < most:
            kept.setdefault(key(part), part)
    return tuple(kept.values())


def _name(one: Laboratory) -> str:
    return one.name.casefold()
