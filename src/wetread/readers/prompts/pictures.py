"""The first pass: what each picture is, from an allow-list of facts, and the question."""

import re
from collections.abc import Sequence
from string import Template

from wetread.domain.view import View, ViewKind
from wetread.readers.prompts.examinations import turns
from wetread.readers.prompts.fence import fenced, plain
from wetread.readers.prompts.sheet import Sheet

LONGEST_WORD = 40
CODE_STRING = re.compile(r"[^A-Za-z0-9 _+-]")  # PS3.5 CS, and the words pictures are declared with
SIDES = {"L": "left", "R": "right", "B": "both sides", "U": "unpaired"}  # (0020,0060), (0020,0062)


def first_pass(sheet: Sheet, views: Sequence[View], *, nonce: str) -> str:
    """The text that follows the pictures: their descriptions, fenced, and the question.

    No file name, identifier, date or clinical text is among the facts that are told.
    """
    told = "\n".join(f"Image {number}: {described(view)}" for number, view in enumerate(views, start=1))
    return Template(turns().texts["first"]).substitute(
        title=sheet.title,
        count="One picture stands" if len(views) == 1 else f"{len(views)} pictures stand",
        fence=fenced(told, nonce),
        look_for="; ".join(sheet.look_for),
    )


def described(view: View) -> str:
    """One picture in words: kind, body part, projection, side, window, montage, size, scale."""
    parts = (
        " ".join(filter(None, (_word(view.modality), _word(view.body_part)))) or "kind not stated",
        _tagged("projection", _word(view.projection)),
        _side(view.laterality),
        _tagged("named", plain(view.label, LONGEST_WORD) if view.label else ""),
        _window(view),
        _kind(view),
        f"{view.width}x{view.height} pixels{'' if view.colour else ', grey'}",
        _scale(view),
    )
    return "; ".join(part for part in parts if part)


def _word(value: str | None) -> str:
    return plain(CODE_STRING.sub(" ", value), LONGEST_WORD) if value else ""


def _tagged(name: str, value: str) -> str:
    return f"{name} {value}" if value else ""


def _side(value: str | None) -> str:
    word = _word(value)
    return f"laterality {SIDES.get(word.upper(), word)}" if word else ""


def _window(view: View) -> str:
    if view.window is None:
        return ""
    return f"window centre {view.window.center:g} width {view.window.width:g}"


def _kind(view: View) -> str:
    """The grid of a montage as it lies in the picture, which the reader must not take for anatomy."""
    if view.kind is ViewKind.MONTAGE:
        columns = len({cell.box[0] for cell in view.cells})
        rows = len({cell.box[1] for cell in view.cells})
        return f"montage of {len(view.cells)} slices in {columns} columns and {rows} rows, in order row by row"
    return "part of a larger picture" if view.kind is ViewKind.TILE else ""


def _scale(view: View) -> str:
    if view.spacing_mm is None:
        return "millimetres per pixel not known"
    rows, columns = view.spacing_mm
    return f"{rows:.3g} mm per pixel" if abs(rows - columns) < 1e-3 else f"{rows:.3g} x {columns:.3g} mm per pixel"
