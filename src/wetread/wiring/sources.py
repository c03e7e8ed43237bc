"""Where studies and orders come from."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.guard import Guard
from wetread.intake import Declared, Folder, read_context
from wetread.settings import Settings

DEMO = Path(__file__).parents[1] / "demo_studies"
EVERY_STUDY = "*"


class Orders:
    """Finds a study's order by its UID, then by the name of one of its files, then the one for all."""

    def __init__(self, by_key: Mapping[str, Order]) -> None:
        self._by_key = by_key

    def of(self, study: Study) -> Order:
        """The study's order; an empty one where nothing is known."""
        keys = [study.study_uid or "", *(name for i in study.instances for name in (i.file, Path(i.file).name))]
        for key in (*keys, EVERY_STUDY):
            if key in self._by_key:
                return self._by_key[key]
        return Order()


def open_context(path: Path | None) -> Orders:
    """The orders in a context file.

    Raises: ContextInvalid naming the field.
    """
    return Orders(read_context(path) if path is not None else {})


def declare(*, modality: str | None, body_part: str | None, projection: str | None) -> Declared:
    """What the user says that bare pictures are."""
    return Declared(modality=modality, body_part=body_part, projection=projection)


@contextmanager
def open_source(settings: Settings, declared: Declared) -> Iterator[Folder]:
    """Files and folders, their headers parsed behind a guard; what was unpacked is removed when it closes."""
    memory_bytes, timeout_s = settings.memory_limit_bytes, settings.parse_timeout_s
    with (
        Guard(memory_bytes=memory_bytes, timeout_s=timeout_s, warm=("wetread.intake",)) as guard,
        Folder(declared=declared, isolation=guard, timeout_s=timeout_s) as source,
    ):
        yield source


def demo_files() -> tuple[Path, ...]:
    """The example studies that ship."""
    return tuple(sorted(path for path in DEMO.iterdir() if path.suffix in {".dcm", ".jpg"}))
