"""Planted defects: each change of a good object is found by the project's own rules."""

import io

import pytest

from object_rules import problems, read
from object_states import image, in_state, preliminary
from wetread.delivery.made import Kind, uid_of
from wetread.delivery.objects.make import make_objects
from wetread.reporting.as_pdf import as_pdf

KO, GSPS, SC, PDF = Kind.KO, Kind.GSPS, Kind.SC, Kind.PDF


def boxes(d):
    return d.GraphicAnnotationSequence[1].GraphicObjectSequence[0]


def set_at(path):
    """A change of one value: `set_at(("ConceptNameCodeSequence", 0, "CodeValue", "113002"))`."""
    *way, keyword, value = path

    def change(d):
        for step in way:
            d = d[step] if isinstance(step, int) else getattr(d, step)
        setattr(d, keyword, value)

    return change


def no_banner(d):
    pixels = bytearray(d.PixelData)
    frame = d.Rows * d.Columns * 3
    pixels[frame : frame + 40 * d.Columns * 3] = bytes(40 * d.Columns * 3)
    d.PixelData = bytes(pixels)


def last_text(d):
    item = next(c for c in d.ContentSequence if c.ValueType == "TEXT" and "113012" in str(c.ConceptNameCodeSequence))
    item.TextValue = "pneumothorax"


def misplaced(d):
    boxes(d).GraphicData = [0, 0, 9, 0, 9, 9, 0, 9, 0, 0]


DEFECTS = {
    "ko title": (KO, set_at(("ConceptNameCodeSequence", 0, "CodeValue", "113002"))),
    "ko meaning": (KO, set_at(("ConceptNameCodeSequence", 0, "CodeMeaning", "For Surgery"))),
    "ko description": (KO, last_text),
    "ko other image": (
        KO,
        set_at(("ContentSequence", -1, "ReferencedSOPSequence", 0, "ReferencedSOPInstanceUID", "1.2")),
    ),
    "ko no observer": (KO, lambda d: d.ContentSequence.pop(2)),
    "ko named image": (
        KO,
        lambda d: setattr(d.ContentSequence[-1], "ConceptNameCodeSequence", d.ConceptNameCodeSequence),
    ),
    "ko other study": (KO, set_at(("StudyInstanceUID", "1.2.3"))),
    "gsps tracking": (GSPS, lambda d: setattr(boxes(d), "TrackingUID", uid_of("another"))),
    "gsps place": (GSPS, misplaced),
    "gsps layer": (GSPS, set_at(("GraphicLayerSequence", 0, "GraphicLayer", "OTHER"))),
    "gsps inverse": (GSPS, set_at(("PresentationLUTShape", "INVERSE"))),
    "gsps area": (GSPS, set_at(("DisplayedAreaSelectionSequence", 0, "DisplayedAreaBottomRightHandCorner", [9, 9]))),
    "gsps no banner": (GSPS, lambda d: d.GraphicAnnotationSequence.pop(0)),
    "gsps other image": (
        GSPS,
        set_at(("ReferencedSeriesSequence", 0, "ReferencedImageSequence", 0, "ReferencedSOPInstanceUID", "1.2")),
    ),
    "sc annotation": (SC, set_at(("BurnedInAnnotation", "NO"))),
    "sc banner": (SC, no_banner),
    "sc frames": (SC, set_at(("NumberOfFrames", 1))),
    "sc modality": (SC, set_at(("Modality", "CT"))),
    "sc series": (SC, set_at(("SeriesDescription", "CHEST"))),
    "pdf verified": (PDF, set_at(("VerificationFlag", "VERIFIED"))),
    "pdf title": (PDF, set_at(("ConceptNameCodeSequence", 0, "CodeValue", "18748-4"))),
    "pdf length": (PDF, set_at(("EncapsulatedDocumentLength", 12))),
    "pdf type": (PDF, set_at(("MIMETypeOfEncapsulatedDocument", "text/html"))),
    "pdf document title": (PDF, set_at(("DocumentTitle", "Report"))),
    "pdf patient": (PDF, set_at(("PatientID", "another"))),
    "pdf equipment": (PDF, lambda d: d.ContributingEquipmentSequence.pop()),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    report = preliminary(image(tmp_path_factory.mktemp("good")))
    made = make_objects(report, (SC, GSPS, PDF, KO), lambda given, _: as_pdf(given))
    return report, {one.kind: one for one in made}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(good, defect):
    report, made = good
    kind, change = DEFECTS[defect]
    dataset = read(made[kind])
    change(dataset)
    out = io.BytesIO()
    dataset.save_as(out)
    assert problems(report, kind, made[kind].data) == []
    assert problems(report, kind, out.getvalue()) != []


def test_a_withdrawal_that_names_a_living_object_is_found(good):
    report, _ = good
    given = in_state(report, "rejected")
    (made,) = make_objects(given, (KO,), lambda *_: b"")
    dataset = read(made)
    dataset.ContentSequence[-1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = made.sop_instance_uid
    out = io.BytesIO()
    dataset.save_as(out)
    assert problems(given, KO, made.data) == []
    assert problems(given, KO, out.getvalue()) != []
