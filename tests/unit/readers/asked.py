"""Sheets, views and answers for these tests."""

import json

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.view import Cell, Mapping, Origin, View, ViewKind
from wetread.readers.prompts import sheet_for

VOCABULARY = load_vocabulary()
PNEUMOTHORAX = "wr:pneumothorax"
EFFUSION = "wr:pleural-effusion"


def origin(file="film.dcm", frame=1, width=200, height=400):
    return Origin(file=file, sop_instance_uid="1.2.3", frame=frame, source_width=width, source_height=height)


def view(**facts):
    given = {
        "kind": ViewKind.IMAGE, "picture": b"", "media_type": "image/png", "width": 100, "height": 200,
        "colour": False, "modality": "DX", "body_part": "CHEST", "pixel_sha256": "", "recipe": (),
        "origin": origin(), "mapping": Mapping(scale_x=2, scale_y=2),
    }  # fmt: skip
    return View(**{**given, **facts})


def montage(height=100):
    """Two slices side by side, 100x100 each, of sources twice as large, with a gap of 20 between them."""
    cells = tuple(
        Cell(
            origin=origin(file=f"{n}.dcm", width=200, height=200),
            box=(n * 120, 0, n * 120 + 100, 100),
            mapping=Mapping(scale_x=2, scale_y=2, offset_x=-n * 240),
        )
        for n in range(2)
    )
    return view(kind=ViewKind.MONTAGE, width=220, height=height, cells=cells, origin=None, mapping=None)


def request(*views, order=None, **facts):
    return ReadRequest(study_ref="s", views=views or (view(),), order=order or Order(), **facts)


def sheet(*views):
    return sheet_for(request(*views), VOCABULARY)


CHEST = sheet()


def finding(code=PNEUMOTHORAX, presence="present", **facts):
    return {"code": code, "presence": presence, **facts}


def answer(*findings, absent=(), **facts):
    return json.dumps({"findings": list(findings), "absent": list(absent), **facts})
