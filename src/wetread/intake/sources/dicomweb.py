"""A DICOMweb server as a source: search its recent studies, fetch every object that is not here yet."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wetread.dicom.meta import read_meta
from wetread.dicom.values import text
from wetread.domain.arrival import Way
from wetread.domain.view import Failure
from wetread.errors import InputError, SourceUnavailable
from wetread.intake.sources.look import Count, Fetched, LookBack, Surroundings, Taking, short, since_date
from wetread.intake.sources.patience import Patience
from wetread.intake.sources.web_client import Absent, Item, WebClient

PAGE = 200
MOST_STUDIES = 10_000
MOST_FAILURES = 3  # without a single object taken: then it is the server, not a study
UID = re.compile(r"[0-9.]{1,64}")
STUDY_UID, SERIES_UID, SOP_UID, OBJECTS_OF_STUDY = "0020000D", "0020000E", "00080018", "00201208"
INPUT_REMEDY = "look at the server's log"


class DicomwebServer:
    """Studies of the last `look_back_days` at a server. What is here already, or was taken before, is not asked for."""

    def __init__(
        self,
        name: str,
        client: WebClient,
        *,
        look_back_days: LookBack,
        modalities: Sequence[str] = (),
        every_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._client = client
        self._look_back = look_back_days
        self._modalities = tuple(modalities)
        self._patience = Patience(first_s=every_s, monotonic=monotonic)

    def check(self) -> None:
        """Raises: SourceUnavailable where the server does not answer a search."""
        self._client.listed("studies", {"limit": "1"})

    def look(self, around: Surroundings) -> Fetched:
        """Take what is new.

        Raises: SourceUnavailable (it does not answer, or no room is left).
        """
        count = Count()
        for uid, objects in self._studies(around.now()).items():
            if around.stopping():
                break
            if around.memory.recall(f"study:{uid}", around.now()) == str(objects) or not self._patience.due(uid):
                continue
            try:
                whole = self._fetch_study(uid, around, count)
            except SourceUnavailable as problem:
                self._patience.failed(uid)
                count.failures.append(self._failure(uid, str(problem)))
                if count.taken == 0 and len(count.failures) >= MOST_FAILURES:
                    raise
                continue
            if whole and objects is not None:
                around.memory.keep(f"study:{uid}", str(objects), around.now())
        around.memory.forget(around.now())
        return count.done()

    def _studies(self, now: datetime) -> dict[str, int | None]:
        """The studies by UID with the number of their objects, where the server tells it."""
        since = since_date(self._look_back, now)
        found: dict[str, int | None] = {}
        for modality in self._modalities or (None,):
            asked = {"includefield": OBJECTS_OF_STUDY}
            asked |= {"StudyDate": since} if since else {}
            asked |= {"ModalitiesInStudy": modality} if modality else {}
            for item in self._pages("studies", asked):
                if uid := _uid(item, STUDY_UID):
                    found[uid] = _whole_number(item, OBJECTS_OF_STUDY)
        return found

    def _pages(self, path: str, asked: dict[str, str]) -> Iterator[Item]:
        """All items, page by page; a server that knows no pages gives the same ones again, which ends it."""
        seen: set[str] = set()
        while len(seen) < MOST_STUDIES:
            page = self._client.listed(path, {**asked, "limit": str(PAGE), "offset": str(len(seen))})
            new = {repr(sorted(item.items())): item for item in page}
            new = {key: item for key, item in new.items() if key not in seen}
            yield from new.values()
            seen |= new.keys()
            if len(page) < PAGE or not new:
                return

    def _fetch_study(self, study_uid: str, around: Surroundings, count: Count) -> bool:
        """Take what is missing of a study; whether nothing is left to take."""
        items = list(self._pages(f"studies/{study_uid}/instances", {}))
        listed = {sop: series for sop, series in map(_place, items) if sop and series}
        held = around.holdings.held(tuple(listed))
        missing = {
            sop: series
            for sop, series in listed.items()
            if sop not in held and not around.memory.recall(f"sop:{sop}", around.now())
        }
        nameless = len(items) > len(listed)  # objects that can't be asked for by themselves
        nameless &= around.memory.recall(f"whole:{study_uid}", around.now()) != str(len(items))
        if not missing and not nameless:
            return True
        around.expect(study_uid, len(items))
        with Taking(around, Way.DICOMWEB, peer=self.name, address=self._client.host) as taking:
            if nameless or len(missing) == len(listed) > 1:
                missing = self._take_study(study_uid, missing, around=around, taking=taking, count=count)
                around.memory.keep(f"whole:{study_uid}", str(len(items)), around.now())
            for sop_uid in tuple(missing):
                path = f"studies/{study_uid}/series/{missing[sop_uid]}/instances/{sop_uid}"
                if around.stopping() or not self._patience.due(sop_uid):
                    continue
                try:
                    self._take(path, around=around, taking=taking, count=count, named=sop_uid)
                    del missing[sop_uid]
                except (InputError, Absent) as problem:
                    self._patience.failed(sop_uid)
                    count.failures.append(self._failure(study_uid, _plainly(problem)))
        count.waiting += len(missing)
        return not missing

    def _take_study(
        self, study_uid: str, missing: dict[str, str], *, around: Surroundings, taking: Taking, count: Count
    ) -> dict[str, str]:
        """The whole study in one answer; what it lacked is left."""
        try:
            came = self._take(f"studies/{study_uid}", around=around, taking=taking, count=count)
        except (
            InputError,
            Absent,
        ) as problem:  # what came whole is kept and remembered; the rest is asked for one by one
            count.failures.append(self._failure(study_uid, _plainly(problem)))
            return {u: s for u, s in missing.items() if not around.memory.recall(f"sop:{u}", around.now())}
        return {uid: series for uid, series in missing.items() if uid not in came}

    def _take(
        self, path: str, *, around: Surroundings, taking: Taking, count: Count, named: str | None = None
    ) -> set[str]:
        """Take the objects of one answer; their SOP Instance UIDs, as their meta information tells or as `named`.

        Raises: SourceUnavailable, InputError.
        """
        came: set[str] = set()
        with self._client.objects(path) as objects:
            for part in objects:
                kept = taking.take(part.body, subject=self.name)
                count.taken += 1
                if uid := named or _sop_uid(kept):
                    around.memory.keep(f"sop:{uid}", "taken", around.now())
                    came.add(uid)
        if named and not came:
            raise Absent(f"source {self.name!r}: the server lists an object that it does not give")
        return came

    def _failure(self, study_uid: str, problem: str) -> Failure:
        return Failure(file=f"{self.name}: study {short(study_uid)}", problem=problem, remedy=INPUT_REMEDY)


def _place(item: Item) -> tuple[str | None, str | None]:
    """Its SOP and Series Instance UID."""
    return _uid(item, SOP_UID), _uid(item, SERIES_UID)


def _plainly(problem: InputError | Absent) -> str:
    return problem.problem if isinstance(problem, InputError) else str(problem)


def _values(item: Item, tag: str) -> list[Any]:
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _uid(item: Item, tag: str) -> str | None:
    """A UID that may stand in a path: servers are not trusted with its form."""
    for value in _values(item, tag)[:1]:
        if isinstance(value, str) and UID.fullmatch(value):
            return value
    return None


def _whole_number(item: Item, tag: str) -> int | None:
    for value in _values(item, tag)[:1]:
        if isinstance(value, int | str) and str(value).strip().isdigit():
            return int(value)
    return None


def _sop_uid(path: Path) -> str | None:
    with path.open("rb") as file:
        return text(read_meta(file).dataset, "MediaStorageSOPInstanceUID")
