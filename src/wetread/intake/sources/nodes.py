"""A DICOM node as a source: C-FIND its recent studies; C-MOVE them to our listener, or C-GET them."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.association import Association

from wetread.dicom.values import text, texts
from wetread.domain.arrival import Way
from wetread.domain.view import Failure
from wetread.errors import SourceUnavailable, TooLarge
from wetread.intake.sources.look import Count, Fetched, LookBack, Surroundings, Taking, short, since_date
from wetread.intake.sources.node_link import FIND, Concluded, Link, NothingMoves, asked
from wetread.intake.sources.patience import Patience

NO_ROOM, CANNOT_KEEP = 0xA700, 0xC000
Retrieve = Literal["auto", "move", "get"]


class DicomNode:
    """Studies of the last `look_back_days` at a node (query/retrieve, study root).

    C-MOVE needs the node to know our AE title, host and port; C-GET needs nothing, but a node may give another transfer
    syntax than the stored one.
    """

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        retrieve: Retrieve = "auto",
        look_back_days: LookBack = 1,
        modalities: Sequence[str] = (),
        every_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._link = link
        self._retrieve: Retrieve = retrieve
        self._look_back, self._modalities = look_back_days, tuple(modalities)
        self._patience = Patience(first_s=every_s, monotonic=monotonic)

    def check(self) -> None:
        """Raises: SourceUnavailable where the node does not answer a C-ECHO."""
        self._link.echo()

    def look(self, around: Surroundings) -> Fetched:
        """Take, or have sent to our listener, what is new.

        Raises: SourceUnavailable (it does not answer, or no room is left).
        """
        count = Count()
        with self._link.association([build_context(FIND)]) as asking:
            if not asking.is_established:
                raise self._link.trouble("it offers no C-FIND (study root) to us")
            studies = list(self._studies(asking, around.now()))
            wanted = [(study, *series) for study in studies for series in self._wanted(asking, study, around)]
        for study, uid, mark in wanted:
            key = _key(study, uid)
            if around.stopping():
                break
            if not self._patience.due(key):
                count.waiting += 1
            elif self._fetch(study, uid, around, count):
                around.memory.keep(key, mark, around.now())
                self._patience.well(key)
            else:
                self._patience.failed(key)
        around.memory.forget(around.now())
        return count.done()

    def _studies(self, asking: Association, now: datetime) -> Iterator[Dataset]:
        """The recent studies."""
        seen: set[str] = set()
        since = since_date(self._look_back, now)
        for modality in self._modalities or ("",):
            wanted = asked(
                "STUDY",
                StudyInstanceUID="",
                StudyDate=since,
                ModalitiesInStudy=modality,
                NumberOfStudyRelatedInstances="",
                SOPClassesInStudy="",
            )
            for found in self._link.find(asking, wanted):
                uid = text(found, "StudyInstanceUID")
                if uid and uid not in seen and UID(uid).is_valid:
                    seen.add(uid)
                    yield found

    def _wanted(self, asking: Association, study: Dataset, around: Surroundings) -> list[tuple[str, str]]:
        """The series of a study that are not here as the node has them, each with the number of its objects."""
        uid, objects = study.StudyInstanceUID, _objects(study)
        if objects.isdigit() and around.holdings.count(uid) >= int(objects):
            return []
        wanted = asked("SERIES", StudyInstanceUID=uid, SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")
        marks: dict[str, str] = {}
        for one in self._link.find(asking, wanted):  # a series UID that was used twice is listed twice
            series = text(one, "SeriesInstanceUID") or ""
            if UID(series).is_valid:
                marks[series] = "+".join(filter(None, (marks.get(series), _objects(one))))
        new = [(one, n) for one, n in marks.items() if around.memory.recall(_key(study, one), around.now()) != n]
        if new and objects.isdigit():
            around.expect(uid, int(objects))
        return new

    def _fetch(self, study: Dataset, series: str, around: Surroundings, count: Count) -> bool:
        """Take one series; whether all of it came."""
        wanted = asked("SERIES", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID=series)
        try:
            concluded = self._retrieved(study, wanted, around, count)
        except SourceUnavailable as problem:
            count.failures.append(self._failure(study, str(problem)))
            return False
        if not concluded.whole:
            what = f"{concluded.failed} of its objects did not come (0x{concluded.status:04X})"
            count.failures.append(self._failure(study, what))
        return concluded.whole

    def _retrieved(self, study: Dataset, wanted: Dataset, around: Surroundings, count: Count) -> Concluded:
        if self._retrieve != "get":
            try:
                concluded = self._link.move(wanted)
            except NothingMoves:
                if self._retrieve == "move":
                    raise
            else:
                count.taken += concluded.completed
                return concluded
        classes = texts(study, "SOPClassesInStudy") or self._classes(wanted)
        with Taking(around, Way.C_GET, peer=self._link.ae_title, address=self._link.address[0]) as taking:
            return self._link.get(wanted, classes, lambda data: _keep(data, taking, count))

    def _classes(self, series: Dataset) -> tuple[str, ...]:
        """The SOP classes of a series' objects, which a C-GET must offer beforehand."""
        wanted = asked(
            "IMAGE",
            StudyInstanceUID=series.StudyInstanceUID,
            SeriesInstanceUID=series.SeriesInstanceUID,
            SOPInstanceUID="",
            SOPClassUID="",
        )
        with self._link.association([build_context(FIND)]) as asking:
            found = self._link.find(asking, wanted)
        return tuple(dict.fromkeys(uid for one in found for uid in texts(one, "SOPClassUID")))

    def _failure(self, study: Dataset, problem: str) -> Failure:
        where = f"{self.name}: study {short(study.StudyInstanceUID)}"
        return Failure(file=where, problem=problem, remedy="look at the node's log; it is tried again")


def _keep(data: bytes, taking: Taking, count: Count) -> int:
    """Put an object into the spool before its sender is told so; the status to answer."""
    try:
        taking.take([data], subject="an object")
    except (SourceUnavailable, OSError):
        return NO_ROOM
    except TooLarge:
        return CANNOT_KEEP
    count.taken += 1
    return 0x0000


def _key(study: Dataset, series: str) -> str:
    return f"series:{study.StudyInstanceUID}/{series}"


def _objects(found: Dataset) -> str:
    """How many objects it has, as the node tells; `?` where it does not."""
    number = found.get("NumberOfSeriesRelatedInstances", found.get("NumberOfStudyRelatedInstances"))
    return "?" if number in {None, ""} else str(number)
