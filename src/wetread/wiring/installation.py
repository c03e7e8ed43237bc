"""What `wetread doctor` looks at: one check a part that an installation needs."""

import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from wetread import __version__
from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.order import Order
from wetread.domain.urgency import Priority
from wetread.errors import WetreadError
from wetread.settings import Settings
from wetread.wiring.desk import LIBRARIES, open_desk, read_one
from wetread.wiring.readers import reader_rows
from wetread.wiring.sources import DEMO, Orders, declare, open_source

FREE_BYTES = 500_000_000
EXTRAS = {
    "pdf": ("reportlab", "PDF reports"),
    "vision": ("pydantic_ai", "vision models"),
    "ocr": ("rapidocr", "text in pictures, before they leave"),
    "slides": ("tiffslide", "pathology slides"),
}
Found = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the installation: `state` is ok, note or bad."""

    subject: str
    state: str
    text: str


def examine_installation(settings: Settings) -> Iterator[Check]:
    """Every check, one after another; a check that breaks is itself a finding."""
    for subject, look in CHECKS.items():
        try:
            state, text = look(settings)
        except (WetreadError, OSError, PackageNotFoundError) as problem:
            state, text = "bad", str(problem)
        yield Check(subject=subject, state=state, text=text)


def _versions(settings: Settings) -> Found:
    del settings
    parts = (f"{name} {version(name)}" for name in LIBRARIES)
    return "ok", f"wetread {__version__}, Python {platform.python_version()}, {', '.join(parts)}"


def _readers(settings: Settings) -> Found:
    rows = reader_rows(settings)
    broken = [f"{name} {status}" for name, _, _, status in rows if status.startswith("can't be used")]
    return ("bad", "; ".join(broken)) if broken else ("ok", ", ".join(f"{row[0]} {row[1]}".strip() for row in rows))


def _readers_folder(settings: Settings) -> Found:
    found = "exists" if settings.readers_dir.is_dir() else "is made when a reader is installed"
    return "ok", f"{settings.readers_dir} {found}"


def _clinical(settings: Settings) -> Found:
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_policy(settings.policy_file)
    signed = vocabulary.signed_off_by
    text = f"vocabulary {vocabulary.version} with {len(vocabulary.terms)} codes, policy {policy.version}"
    return ("ok", f"{text}, signed by {signed}") if signed else ("note", f"{text}; no clinician has signed them")


def _extras(settings: Settings) -> Found:
    """What is not installed and what it is for; a configured vision reader can't do without its own."""
    missing = {extra: told for extra, (package, told) in EXTRAS.items() if find_spec(package) is None}
    if not missing:
        return "ok", f"{', '.join(EXTRAS)} installed"
    told = ", ".join(f"{extra} ({why})" for extra, why in missing.items())
    state = "bad" if settings.readers and "vision" in missing else "note"
    return state, f"not installed: {told}; pip install 'wetread[{','.join(missing)}]'"


def _space(settings: Settings) -> Found:
    del settings
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    return (
        "ok" if free > FREE_BYTES else "bad"
    ), f"{free // 1_000_000} MB free in {folder}; archives are unpacked there"


def _self_test(settings: Settings) -> Found:
    """Read one shipped film and one shipped CT slice, behind the guard, as a user would."""
    files = (DEMO / "film-00005067.dcm", DEMO / "CT_small.dcm")
    with (
        open_desk(settings, readers=("embedded",), output="json") as room,
        open_source(settings, declare(modality=None, body_part=None, projection=None)) as source,
    ):
        reports = [read_one(room, study, Orders({"*": Order()})) for study in source.studies(files)]  # type: ignore[arg-type] # the shipped files are readable; anything else is the finding
    unread = sum(report.urgency.priority is Priority.UNREAD for report in reports)
    if (len(reports), unread) != (2, 1):
        return "bad", "the shipped film was not read, or the CT slice was; reinstall wetread"
    return "ok", "the shipped film is read and the CT slice is left unread"


CHECKS: dict[str, Callable[[Settings], Found]] = {
    "versions": _versions,
    "readers": _readers,
    "readers folder": _readers_folder,
    "clinical data": _clinical,
    "extras": _extras,
    "space": _space,
    "self-test": _self_test,
}
