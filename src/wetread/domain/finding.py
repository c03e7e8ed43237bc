"""One coded observation, with its evidence."""

from dataclasses import dataclass
from enum import StrEnum


class Presence(StrEnum):
    """What a reader says of a finding it was asked about."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    NOT_ASSESSABLE = "not_assessable"


class Laterality(StrEnum):
    """Side of the patient."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    MIDLINE = "midline"


POOLED = "/pooled/"  # a calibrator's name with this in it is shared by several findings: it vouches for none of them
SITE_CALIBRATOR = "site/"  # a calibrator's name that begins so was fitted on the site's own cases


def is_calibrated(calibrator_id: str | None) -> bool:
    """True where a calibrator of its own stands behind a number."""
    return calibrator_id is not None and POOLED not in calibrator_id


def check_unit_interval(name: str, value: float | None) -> None:
    """Refuse a number outside 0-1 where it is built.

    Raises: ValueError naming the field and the value.
    """
    if value is not None and not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a finding was seen: a box [x0, y0, x1, y1] as fractions 0-1 of the source frame.

    `origin` says who drew it (cam, vlm, vlm_grid, human); a class activation map and the cell of a grid are only
    approximate.
    """

    file: str
    sop_instance_uid: str | None
    frame: int
    box: tuple[float, float, float, float]
    origin: str
    verified: bool = False

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.box
        if not (0.0 <= x0 < x1 <= 1.0 and 0.0 <= y0 < y1 <= 1.0):
            raise ValueError(f"box must be x0 < x1, y0 < y1 within 0-1, got {self.box!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A measured length or volume; `method` says how (model_estimate, measured). Unknown spacing means no size."""

    value: float
    unit: str
    method: str

    def __post_init__(self) -> None:
        if not self.value > 0:
            raise ValueError(f"a size is greater than 0, got {self.value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One coded observation.

    `probability` is calibrated (`calibrator_id` says by what) or null; `confidence_raw` is what a
    reader stated, with its `confidence_kind` (score, verbal, stated). Neither is ever invented.
    `context_dependent` marks what was seen only once the clinical text was known; `temporal` is new, unchanged, …
    """

    code: str
    presence: Presence
    probability: float | None = None
    calibrator_id: str | None = None
    confidence_raw: float | None = None
    confidence_kind: str | None = None
    laterality: Laterality | None = None
    location: str | None = None
    severity: str | None = None
    size: Size | None = None
    rationale: str | None = None
    temporal: str | None = None
    context_dependent: bool = False
    claims_critical: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def stated_probability(self) -> float | None:
        """The probability, only where a calibrator of its own stands behind it."""
        return self.probability if is_calibrated(self.calibrator_id) else None

    def __post_init__(self) -> None:
        check_unit_interval("probability", self.probability)
        check_unit_interval("confidence_raw", self.confidence_raw)
        if not self.code.startswith("wr:"):
            raise ValueError(f"a finding's code starts with 'wr:', got {self.code!r}")
