"""Content items of a structured report (PS3.3 C.17.3), each as it stands in a content sequence."""

from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.delivery.objects import codes
from wetread.delivery.objects.clean import paragraphs
from wetread.delivery.objects.codes import Code

CONTAINS = "CONTAINS"
CONTEXT = "HAS OBS CONTEXT"
MODIFIER = "HAS CONCEPT MOD"
SELECTED = "SELECTED FROM"
Box = tuple[float, float, float, float]


def root(name: Code, children: Iterable[Dataset], *, template: str) -> Dataset:
    """The document's own container: no relationship leads to it."""
    made = Dataset()
    made.ValueType = "CONTAINER"
    made.ConceptNameCodeSequence = codes.items(name)
    made.ContinuityOfContent = "CONTINUOUS"
    made.ContentTemplateSequence = _template(template)
    made.ContentSequence = Sequence(list(children))
    return made


def container(name: Code, children: Iterable[Dataset], *, template: str | None = None) -> Dataset:
    """A container within another."""
    made = _item(CONTAINS, "CONTAINER", name, children)
    made.ContinuityOfContent = "CONTINUOUS"
    if template:
        made.ContentTemplateSequence = _template(template)
    return made


def code(relation: str, name: Code, value: Code, children: Iterable[Dataset] = ()) -> Dataset:
    """A coded value."""
    made = _item(relation, "CODE", name, children)
    made.ConceptCodeSequence = codes.items(value)
    return made


def text(relation: str, name: Code, value: str) -> Dataset:
    """A text of any length; its lines stay, its control characters don't."""
    made = _item(relation, "TEXT", name)
    made.TextValue = paragraphs(value) or "not stated"
    return made


def uid(relation: str, name: Code, value: str) -> Dataset:
    """A UID as a value."""
    made = _item(relation, "UIDREF", name)
    made.UID = value
    return made


def person(relation: str, name: Code, value: str) -> Dataset:
    """A person's name."""
    made = _item(relation, "PNAME", name)
    made.PersonName = value
    return made


def number(name: Code, value: float, unit: Code, children: Iterable[Dataset] = ()) -> Dataset:
    """A measured value with its unit."""
    made = _item(CONTAINS, "NUM", name, children)
    measured = Dataset()
    measured.NumericValue = f"{value:.6g}"
    measured.MeasurementUnitsCodeSequence = codes.items(unit)
    made.MeasuredValueSequence = Sequence([measured])
    return made


def box(name: Code, corners: Box, image: Dataset, *, origin: str | None) -> Dataset:
    """A rectangle in pixels of an image: (0, 0) is the outer corner of its first pixel (PS3.3 C.18.6.1.1).

    corners: (x0, y0, x1, y1). `origin` tells for a tiled image whether they are of the frame or the whole (VOLUME).
    """
    x0, y0, x1, y1 = corners
    made = _item(CONTAINS, "SCOORD", name, (image,))
    made.GraphicType = "POLYLINE"
    made.GraphicData = [x0, y0, x1, y0, x1, y1, x0, y1, x0, y0]
    if origin:
        made.PixelOriginInterpretation = origin
    return made


def centre(name: Code, corners: Box, image: Dataset, *, origin: str | None) -> Dataset:
    """The middle of a rectangle, as a point."""
    made = box(name, corners, image, origin=origin)
    x0, y0, x1, y1 = corners
    made.GraphicType = "POINT"
    made.GraphicData = [(x0 + x1) / 2, (y0 + y1) / 2]
    return made


def image(relation: str, reference: Dataset, name: Code | None = None) -> Dataset:
    """An image by its reference."""
    made = _item(relation, "IMAGE", name)
    made.ReferencedSOPSequence = Sequence([reference])
    return made


def _item(relation: str, value_type: str, name: Code | None, children: Iterable[Dataset] = ()) -> Dataset:
    made = Dataset()
    made.RelationshipType = relation
    made.ValueType = value_type
    if name is not None:
        made.ConceptNameCodeSequence = codes.items(name)
    if held := list(children):
        made.ContentSequence = Sequence(held)
    return made


def _template(identifier: str) -> Sequence:
    made = Dataset()
    made.MappingResource = "DCMR"
    made.TemplateIdentifier = identifier
    return Sequence([made])
