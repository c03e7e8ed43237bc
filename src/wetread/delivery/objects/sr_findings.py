"""The findings of a structured report: one measurement group each (TID 1410 with a region, TID 1501 without)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from wetread.delivery.objects import codes, content
from wetread.delivery.objects.air import algorithm_of
from wetread.delivery.objects.evidence import Known, Place, places, reference
from wetread.delivery.objects.tracking import Tracked, tracked
from wetread.delivery.originals import Originals
from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Evidence, Finding, Presence, Size
from wetread.domain.read import Read
from wetread.domain.report import Report

PLANAR, GROUP = "1410", "1501"  # TID of a planar region's measurements, and of a group of them without a region
Seen = list[tuple[Evidence, Place]]
LENGTH_UNITS = ("mm", "cm")
ORIGINS = {
    "cam": "class activation map, approximate",
    "vlm": "told by a vision model, approximate",
    "vlm_grid": "cell of a grid, approximate",
    "human": "drawn by a human",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a report's findings are told from: the report, its originals, the images that can be referred to."""

    report: Report
    originals: Originals
    known: dict[str, Known]


def groups(ground: Ground) -> list[Dataset]:
    """Every finding that is or may be there, in the report's order.

    A document's only region is told by its centre too where other findings have none: a known validator takes every
    group of a document with exactly one region for that of a planar region (TID 1410), and refuses the others.
    """
    found = [(one, _seen(ground, one)) for one in tracked(ground.report)]
    regions = [len(seen) for _, seen in found]
    lonely = sum(regions) == 1 and 0 in regions
    return [_group(ground.report, one, seen, with_centre=lonely) for one, seen in found]


def certainty(finding: Finding) -> float | None:
    """Percent, only where a calibrator of its own stands behind the number."""
    stated = finding.stated_probability
    return None if stated is None else round(100 * stated, 1)


def review_state(report: Report, joined: JoinedFinding) -> str:
    """What a human did with a finding: unreviewed, reviewed, or added."""
    readers = {answer.reader.name for answer in report.answers if isinstance(answer, Read)}
    spoke = {*joined.present_by, *joined.uncertain_by, *joined.absent_by}
    if report.signature is None or not spoke - readers:
        return "unreviewed"
    return "reviewed" if spoke & readers else "added"


def _group(report: Report, one: Tracked, seen: Seen, *, with_centre: bool) -> Dataset:
    finding = one.joined.finding
    regions = [region for evidence, place in seen for region in _region(evidence, place, with_centre=with_centre)]
    children = [
        content.text(content.CONTEXT, codes.concept("tracking_identifier"), one.identifier),
        content.uid(content.CONTEXT, codes.concept("tracking_unique_identifier"), one.uid),
        *_named(report, finding),
        *_site(report, finding),
        *_algorithm(report, one.joined),
        *_measured(finding),
        *_judged(report, one.joined),
        *_words(finding, one.joined),
        *regions,
    ]
    return content.container(codes.concept("measurement_group"), children, template=PLANAR if seen else GROUP)


def _named(report: Report, finding: Finding) -> Iterator[Dataset]:
    """The finding, with our own code beside a published one that says the very same."""
    term = report.terms.get(finding.code)
    if (category := codes.category_of(term)) is not None:
        yield content.code(content.CONTAINS, codes.concept("finding_category"), category)
    code, own = codes.code_of(term, finding.code), codes.own_code(term, finding.code)
    item = content.code(content.CONTAINS, codes.concept("finding"), code)
    item.ConceptCodeSequence[0] = codes.item(code, same_as=own)
    yield item


def _site(report: Report, finding: Finding) -> Iterator[Dataset]:
    term = report.terms.get(finding.code)
    side = codes.listed("laterality", finding.laterality.value) if finding.laterality else None
    site = codes.listed("regions", term.region if term else "") or (codes.own("site_unknown") if side else None)
    if site is None:
        return
    modifier = [content.code(content.MODIFIER, codes.concept("laterality"), side)] if side else []
    yield content.code(content.MODIFIER, codes.concept("finding_site"), site, modifier)


def _algorithm(report: Report, joined: JoinedFinding) -> Iterator[Dataset]:
    algorithm = algorithm_of(report, joined)
    if algorithm is None:
        return
    yield content.text(content.MODIFIER, codes.concept("algorithm_name"), algorithm.name)
    yield content.text(content.MODIFIER, codes.concept("algorithm_version"), algorithm.version)
    for parameter in algorithm.parameters:
        yield content.text(content.MODIFIER, codes.concept("algorithm_parameters"), parameter)


def _measured(finding: Finding) -> Iterator[Dataset]:
    if (percent := certainty(finding)) is not None:
        yield content.number(codes.concept("certainty"), percent, codes.concept("percent"))
    if finding.size is not None:
        yield from _size(finding.size)


def _size(size: Size) -> Iterator[Dataset]:
    unit = codes.listed("units", size.unit)
    if unit is None:
        return
    name = codes.concept("length" if size.unit in LENGTH_UNITS else "volume")
    how = codes.own("size_measured" if size.method == "measured" else "size_estimated")
    yield content.number(
        name, size.value, unit, [content.code(content.MODIFIER, codes.concept("measurement_method"), how)]
    )


def _judged(report: Report, joined: JoinedFinding) -> Iterator[Dataset]:
    finding = joined.finding
    there = finding.presence is Presence.PRESENT
    yield content.code(
        content.CONTAINS, codes.own("presence"), codes.concept("present") if there else codes.own("uncertain")
    )
    term = report.terms.get(finding.code)
    if term and (category := codes.listed("actionable", str(term.acr_category))) is not None:
        yield content.code(content.CONTAINS, codes.own("actionable"), category)
    state = codes.own(review_state(report, joined))
    yield content.code(content.CONTAINS, codes.own("review_state"), state)
    if joined.disputed:
        yield content.code(content.CONTAINS, codes.own("disputed"), codes.own("readers_disagree"))


def _words(finding: Finding, joined: JoinedFinding) -> Iterator[Dataset]:
    where = "; ".join(dict.fromkeys(part for part in (finding.location, *joined.places) if part))
    if where:
        yield content.text(content.CONTAINS, codes.own("location"), where)
    if finding.severity:
        yield content.text(content.CONTAINS, codes.own("severity"), finding.severity)
    if finding.temporal:
        yield content.text(content.CONTAINS, codes.concept("change"), finding.temporal)
    if finding.context_dependent:
        yield content.text(content.CONTAINS, codes.concept("comment"), "seen only once the clinical text was known")


def _seen(ground: Ground, one: Tracked) -> Seen:
    """The boxes of a finding that can be drawn on an image."""
    evidence = one.joined.finding.evidence
    return [(e, place) for e in evidence for place in places((e,), ground.report, ground.originals, ground.known)]


def _region(evidence: Evidence, place: Place, *, with_centre: bool) -> Iterator[Dataset]:
    name, purpose = codes.concept("image_region"), codes.concept("region_purpose")
    origin = ("VOLUME" if place.whole else "FRAME") if place.tiled else None
    yield content.code(content.CONTAINS, purpose, codes.concept("bounded_by"))
    yield content.box(name, place.corners, _image(place), origin=origin)
    if with_centre:
        yield content.code(content.CONTAINS, purpose, codes.concept("centre_point"))
        yield content.centre(name, place.corners, _image(place), origin=origin)
    told = ORIGINS.get(evidence.origin, evidence.origin)
    yield content.text(content.CONTAINS, codes.own("region_origin"), told)


def _image(place: Place) -> Dataset:
    return content.image(content.SELECTED, reference(place.image, place.frame), codes.concept("source"))
