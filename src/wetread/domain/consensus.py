"""The joined answer of a panel."""

from dataclasses import dataclass

from wetread.domain.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedFinding:
    """A finding after the panel: what stands, who said what, and whether they disagree."""

    finding: Finding
    present_by: tuple[str, ...] = ()
    absent_by: tuple[str, ...] = ()
    uncertain_by: tuple[str, ...] = ()

    @property
    def disputed(self) -> bool:
        """True where one reader says present and another absent."""
        return bool(self.present_by) and bool(self.absent_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """All findings of all readers joined; none is dropped.

    `weighting` says how votes were weighted ("single reader", "unweighted by evidence", …).
    """

    findings: tuple[JoinedFinding, ...]
    readers: tuple[str, ...]
    abnormal_probability: float | None
    weighting: str
    agreement: float | None = None
