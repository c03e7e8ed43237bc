"""A site's calibration applied to what a reader states: the number becomes a probability that was checked at home."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from wetread.domain.finding import SITE_CALIBRATOR, Finding, Presence
from wetread.domain.read import Read, ReadRequest
from wetread.domain.view import Limitation
from wetread.ports import Reader, Substituted
from wetread.readers.calibrator import logit_of
from wetread.readers.site_calibration import PROBABILITY, Calibration, FittedMap, number_in
from wetread.readers.wrappers.wrapper import Wrapper


def _today() -> date:
    return datetime.now(UTC).date()


class Calibrated(Wrapper):
    """A reader whose stated numbers are mapped to probabilities. Put it outside everything else, Fallback too.

    With `raises`, what the reader calls absent at or above the site's operating point stands as uncertain. It never
    makes anything less: present stays present, and a finding without a map stays as it was told.
    """

    def __init__(
        self,
        reader: Reader,
        calibration: Calibration,
        *,
        raises: bool = False,
        today: Callable[[], date] = _today,
    ) -> None:
        super().__init__(reader)
        self._calibration = calibration
        self._raises = raises
        self._today = today
        if isinstance(reader, Substituted):
            self.plans = reader.plans

    @property
    def shaped_by(self) -> str:
        """The maps of this reader and what is made of them, in words that change with them: the gate looks at it."""
        return repr((self._raises, sorted(self._calibration.maps_of(self.identity).items())))

    async def read(self, request: ReadRequest) -> Read:
        """The read with the site's probabilities, or with the reason why they are not used.

        Raises: what the reader raises.
        """
        return calibrated(await self.reader.read(request), self._calibration, self._today(), raises=self._raises)


def calibrated(read: Read, calibration: Calibration, today: date, *, raises: bool = False) -> Read:
    """The read as the site's calibration has it on a day (UTC); unchanged where it says nothing of the reader."""
    unused = calibration.why_unused(read.reader, today)
    if unused:
        return _with(read, Limitation(code="calibration_not_used", text=unused))
    maps = calibration.maps_of(read.reader)
    mapped = replace(read, findings=tuple(_mapped(one, maps.get(one.code), raises=raises) for one in read.findings))
    return _with(mapped, *_chance(read, calibration))


def _mapped(finding: Finding, by: FittedMap | None, *, raises: bool) -> Finding:
    number = None if by is None else number_in(finding)
    if by is None or number is None:
        return finding
    point = by.row.threshold
    if raises and point is not None and number >= point and finding.presence is Presence.ABSENT:
        finding = replace(finding, presence=Presence.UNCERTAIN)
    if by.calibrator is None:
        return finding
    own = not (finding.calibrator_id or "").startswith(SITE_CALIBRATOR)
    if own and finding.probability is not None:  # kept: the next calibration starts from the reader's own number again
        finding = replace(finding, confidence_raw=number, confidence_kind=PROBABILITY)
    probability = round(by.calibrator(logit_of(number)), 6)
    return replace(finding, probability=probability, calibrator_id=by.calibrator.id)


def _chance(read: Read, calibration: Calibration) -> Iterator[Limitation]:
    """Findings told in this read that its reader is not shown to tell from chance."""
    told = {finding.code for finding in read.findings}
    rows = {row.code: row for row in calibration.excluded_of(read.reader) if row.code in told}
    if rows:
        words = "; ".join(f"{code} ({row.reason})" for code, row in sorted(rows.items()))
        where = f"{calibration.measured_on}, {calibration.measured.isoformat()}"
        text = f"{read.reader.name} was not better than chance on the site's own cases: {words}; {where}"
        yield Limitation(code="not_better_than_chance", text=text)


def _with(read: Read, *limitations: Limitation) -> Read:
    return replace(read, limitations=tuple(dict.fromkeys((*read.limitations, *limitations))))
