"""What the cleaning of reports and graphics needs of the cleaning of elements, which in turn needs them."""

from typing import Protocol

from pydicom.dataset import Dataset

from wetread.privacy.deidentify.options import Options
from wetread.privacy.deidentify.text import Texts


class Cleaning(Protocol):
    """Cleans one object; counts what it takes out and what it replaces."""

    options: Options
    texts: Texts
    columns: frozenset[str]
    removed: int
    replaced: int

    def clean(self, dataset: Dataset, *, top: bool = False) -> None:
        """Apply the rules to every element, items of sequences too."""
        ...
