"""What a reader is asked of one study: the prompt, the closed checklist and the schema, with their hash."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any

from wetread.domain.read import ReadRequest
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation
from wetread.domain.vocabulary import Term, Vocabulary
from wetread.readers.prompts.examinations import ANY, Examination, checklist_rules, fitting, regions_of, turns
from wetread.readers.prompts.schema import answer_schema

CRITICAL = 1
LOW_CATEGORY = 9  # category 0 is no actionable category: it comes after 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One examination's questions. `sha256` is over the prompt's text, the checklist and the schema.

    `vocabulary` is what answers are understood with: a code outside the checklist is still a code.
    """

    prompt: str
    sha256: str
    title: str
    system: str
    terms: tuple[Term, ...] = field(repr=False)
    schema_text: str = field(repr=False)
    look_for: tuple[str, ...] = field(repr=False)
    modalities: tuple[str, ...]
    vocabulary: Vocabulary
    limitations: tuple[Limitation, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """The strict JSON schema of an answer, a fresh copy each time."""
        schema: dict[str, Any] = json.loads(self.schema_text)
        return schema

    @property
    def critical_codes(self) -> tuple[str, ...]:
        """The codes every answer must judge."""
        return tuple(term.code for term in self.terms if term.acr_category == CRITICAL)


def sheet_for(request: ReadRequest, vocabulary: Vocabulary) -> Sheet:
    """The sheet of a request's examination, chosen by the modality and body part of its views."""
    modalities = _words(view.modality for view in request.views)
    regions = _words(region for view in request.views for region in regions_of(view.body_part))
    asked = _asked(vocabulary, modalities, regions)
    told = bool(regions and {term.region for term in asked} & set(regions))
    groups = frozenset(term.region for term in asked if ANY not in term.modalities)
    prompts = fitting(modalities, groups, told)
    terms, critical_left = checklist(asked, vocabulary)
    schema_text = json.dumps(answer_schema([term.code for term in terms]), separators=(",", ":"))
    system = _system(prompts, terms)
    return Sheet(
        prompt="+".join(prompt.name for prompt in prompts),
        sha256=_hash(prompts, system, schema_text),
        title=" and ".join(prompt.title for prompt in prompts),
        system=system,
        terms=terms,
        schema_text=schema_text,
        look_for=tuple(dict.fromkeys(point for prompt in prompts for point in prompt.look_for)),
        modalities=modalities,
        vocabulary=vocabulary,
        limitations=_left_out(critical_left),
    )


def _words(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value.strip().upper() for value in values if value and value.strip()}))


def _asked(vocabulary: Vocabulary, modalities: Sequence[str], regions: Sequence[str]) -> list[Term]:
    """The terms of the examination's groups: by modality where it is known, and by region where that names any."""
    terms = [term for term in vocabulary if ANY not in term.modalities]
    of_kind = [term for term in terms if set(modalities) & set(term.modalities)] or terms
    return [term for term in of_kind if term.region in regions] or of_kind


def checklist(asked: Sequence[Term], vocabulary: Vocabulary) -> tuple[tuple[Term, ...], int]:
    """At most 80 terms, the most urgent first, and how many critical ones did not fit.

    Below category 1 the cut goes by category, then floor; in one category, what public data sets name stays longest.
    """
    rules = checklist_rules()
    always = [vocabulary.terms[code] for code in rules["always"] if code in vocabulary.terms]
    wanted = [term for term in asked if term.code not in {*rules["never"], *rules["always"]}]
    ranked = sorted(wanted, key=_weight)
    kept = ranked[: rules["most"] - len(always)]
    cut = sum(term.acr_category == CRITICAL for term in ranked[len(kept) :])
    return tuple(sorted([*kept, *always], key=_weight)), cut


def _weight(term: Term) -> tuple[int, int, bool, int]:
    critical = term.acr_category == CRITICAL
    return term.acr_category or LOW_CATEGORY, term.floor.rank, not term.public_label, term.target_min if critical else 0


def _left_out(critical: int) -> tuple[Limitation, ...]:
    if not critical:
        return ()
    text = f"The examination is not known well enough: {critical} critical findings were not asked about."
    return (Limitation(code="critical_codes_not_asked", text=text),)


def _system(prompts: Sequence[Examination], terms: Sequence[Term]) -> str:
    texts = turns().texts
    critical = [term for term in terms if term.acr_category == CRITICAL]
    others = [term for term in terms if term.acr_category != CRITICAL]
    listed = Template(texts["checklist"]).substitute(
        count=len(terms), critical=_lines(critical) or texts["no_critical"], others=_lines(others) or "(none)"
    )
    about = "\n\n".join(f"Examination: {prompt.title}\n{prompt.instructions}" for prompt in prompts)
    return "\n\n".join((texts["role"], texts["rules"], about, listed))


def _lines(terms: Sequence[Term]) -> str:
    return "\n".join(_line(term) for term in terms)


def _line(term: Term) -> str:
    """The code, with its label where the code does not spell it."""
    spelt = term.code.removeprefix("wr:").replace("-", " ") == " ".join(_letters(term.label).split())
    mark = f" [{term.floor.value}]" if term.floor is not Priority.P4 else ""
    return f"{term.code}{mark}" if spelt else f"{term.code}{mark}: {term.label}"


def _letters(label: str) -> str:
    return "".join(c if c.isalnum() else " " for c in label.lower())


def _hash(prompts: Sequence[Examination], system: str, schema_text: str) -> str:
    parts = (turns().sha256, *(prompt.sha256 for prompt in prompts), system, schema_text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
