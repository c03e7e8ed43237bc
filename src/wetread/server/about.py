"""What this is and what it is for: open to everyone, it holds nothing of the house."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from wetread import __version__
from wetread.domain.intended_use import load_intended_use
from wetread.imaging.presets import all_presets
from wetread.server.clinical import policies_of, vocabulary_of
from wetread.server.problems import PROBLEMS
from wetread.server.state import ground_of
from wetread.server.witness import StudyViewer

router = APIRouter(tags=["about"], responses=PROBLEMS)


class PolicyTold(BaseModel):
    """A clinical data file in force. `signed_off_by` is null until a clinician has signed it."""

    name: str
    version: str
    signed_off_by: str | None


class About(BaseModel):
    """What the software is for and what it is not for. `reviewed_by` is null until somebody qualified did."""

    name: str
    version: str
    statement: str
    intended_use: list[str]
    not_for: list[str]
    intended_use_version: str
    note: str
    reviewed_by: str | None
    policies: list[PolicyTold]


class Preset(BaseModel):
    """A CT window by name, in HU; the first of a region is its default."""

    region: str
    name: str
    center_hu: float
    width_hu: float


class WindowTable(BaseModel):
    """CT windows by body region. `regions`: Body Part Examined, in capitals without spaces, to its region."""

    version: str
    reference: str
    regions: dict[str, str]
    presets: list[Preset]


@router.get("/about")
def about(request: Request) -> About:
    """The intended use, the version and who signed what the reads rest on."""
    told, ground = load_intended_use(), ground_of(request)
    words, policies = vocabulary_of(ground), policies_of(ground)
    return About(
        name="wetread",
        version=__version__,
        statement=told.statement,
        intended_use=list(told.intended_use),
        not_for=list(told.not_for),
        intended_use_version=told.version,
        note=told.note,
        reviewed_by=told.reviewed_by,
        policies=[
            PolicyTold(name=name, version=one.version, signed_off_by=one.signed_off_by)
            for name, one in (
                ("Finding vocabulary", words),
                ("Urgency policy", policies.urgency),
                ("Waiting caps", policies.waiting),
            )
        ],
    )


@router.get("/windows")
def windows(_: StudyViewer) -> WindowTable:
    """The CT windows that the viewer offers: the same as those of the pictures that readers are sent."""
    table = all_presets()
    return WindowTable(
        version=table.version,
        reference=table.reference,
        regions=dict(table.regions),
        presets=[
            Preset(region=region, name=one.explanation or region, center_hu=one.center, width_hu=one.width)
            for region, several in table.windows.items()
            for one in several
        ],
    )
