"""Is this view what the reader was trained for? The first reason against it, in words."""

from wetread.domain.view import View, ViewKind
from wetread.readers.card import Examination


def objection(view: View, examination: Examination) -> str | None:
    """Why a reader must not read this view, or None. Unknown header values object to nothing."""
    if view.kind is not ViewKind.IMAGE:
        return f"a {view.kind.value} is not a single image"
    if view.colour:
        return "the picture is in colour"
    for word, value, allowed in (
        ("modality", view.modality, examination.modalities),
        ("body part", view.body_part, examination.body_parts),
        ("projection", view.projection, examination.projections),
    ):
        if value is not None and allowed and value.upper() not in allowed:
            return f"{word} {value} is not one of {', '.join(allowed)}"
    if view.origin is not None:
        edge = min(view.origin.source_width, view.origin.source_height)
        if edge < examination.min_edge_px:
            return f"the shorter side has {edge} pixels, at least {examination.min_edge_px} are needed"
    return None


def undeclared(view: View) -> tuple[str, ...]:
    """Which facts of the examination nobody stated, so that only the pixels spoke for it."""
    facts = (("modality", view.modality), ("body part", view.body_part), ("projection", view.projection))
    return tuple(word for word, value in facts if value is None)
