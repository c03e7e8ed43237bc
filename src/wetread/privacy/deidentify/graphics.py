"""Annotations of presentation states (PS3.3 C.10.5): where they stand stays, what they say does not."""

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from wetread.privacy.deidentify.cleaning import Cleaning
from wetread.privacy.deidentify.values import GONE, items_of

GRAPHIC_OBJECTS, COMPOUND_GRAPHICS, TEXT_OBJECTS = BaseTag(0x00700009), BaseTag(0x00700209), BaseTag(0x00700008)
FIRST_CORNER = [1.0, 1.0]  # a place of every unit: the first pixel, or the far corner of what is shown


def clean_graphics(annotations: Sequence[Dataset], cleaner: Cleaning, *, keep: bool) -> None:
    """Texts are replaced; lines, which can be handwriting, become a point, or stay with the option that cleans."""
    for annotation in annotations:
        if not keep:
            for shape in items_of(annotation, GRAPHIC_OBJECTS):
                _to_point(shape)
            if COMPOUND_GRAPHICS in annotation:
                del annotation[COMPOUND_GRAPHICS]
        cleaner.clean(annotation)
        for text in items_of(annotation, TEXT_OBJECTS):
            if "UnformattedTextValue" in text:
                text.UnformattedTextValue = GONE
        cleaner.replaced += 1


def _to_point(shape: Dataset) -> None:
    shape.GraphicDimensions, shape.NumberOfGraphicPoints = 2, 1
    shape.GraphicData, shape.GraphicType = FIRST_CORNER, "POINT"
    for keyword in ("GraphicFilled", "FillStyleSequence", "LineStyleSequence"):
        if keyword in shape:
            delattr(shape, keyword)
