"""The closed finding vocabulary and the urgency floor of each code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wetread.domain.urgency import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A code of a published system; `match` is exact, broader or narrower."""

    system: str
    code: str
    meaning: str
    match: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One base concept: what it is called, where it applies, how urgent it is at least."""

    code: str
    label: str
    modalities: tuple[str, ...]
    region: str
    acr_category: int
    floor: Priority
    target_min: int
    coding: Coding | None = None
    public_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A versioned list of terms. `signed_off_by` is None until a clinician has signed it."""

    version: str
    sha256: str
    signed_off_by: str | None
    terms: Mapping[str, Term] = field(repr=False)

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms.values())

    def term(self, code: str) -> Term:
        """The term of a code.

        Raises: KeyError naming the code and the vocabulary's version.
        """
        try:
            return self.terms[code]
        except KeyError:
            raise KeyError(f"no finding {code!r} in vocabulary {self.version}") from None
