"""Presentation states: boxes on their image, shown in the grey levels that the readers saw."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import MultiFrameGrayscaleWordSecondaryCaptureImageStorage

from object_rules import read
from object_states import image, in_state, preliminary
from wetread.delivery.made import Kind
from wetread.delivery.objects.gsps import make_gsps
from wetread.delivery.objects.gsps_display import tone_of, window_of
from wetread.delivery.objects.make import presentation_states_of
from wetread.delivery.objects.tracking import tracked
from wetread.delivery.originals import read_originals
from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.domain.report import Report

BOX = (0.25, 0.5, 0.5, 0.75)


def states_of(report: Report) -> list[Dataset]:
    return [read(made) for made in make_gsps(report, read_originals(report))]


def boxed(*frames: int):
    def script(study):
        places = [
            Evidence(file=i.file, sop_instance_uid=i.sop_instance_uid, frame=f, box=BOX, origin="cam")
            for i in study.instances
            for f in frames
        ]
        said = {"presence": Presence.PRESENT, "probability": 0.83, "calibrator_id": "test/1"}
        return (Finding(code="wr:pneumothorax", laterality=Laterality.LEFT, evidence=tuple(places), **said),)

    return script


def made_multiframe(dataset: Dataset) -> None:
    dataset.NumberOfFrames = 3
    dataset.PixelData = dataset.PixelData * 3
    dataset.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID


def inverted(dataset: Dataset) -> None:
    dataset.PhotometricInterpretation = "MONOCHROME1"


def coloured(dataset: Dataset) -> None:
    pixels = np.zeros((dataset.Rows, dataset.Columns, 3), np.uint8)
    dataset.PixelData = pixels.tobytes()
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = "RGB", 3, 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0


def test_box_and_label_lie_on_the_image_under_the_findings_tracking(tmp_path):
    report = preliminary(image(tmp_path), script=boxed(1))
    (state,) = states_of(report)
    annotation = state.GraphicAnnotationSequence[1]
    (box,), (label,) = annotation.GraphicObjectSequence, annotation.TextObjectSequence
    assert list(box.GraphicData) == [32, 64, 64, 64, 64, 96, 32, 96, 32, 64]
    assert label.UnformattedTextValue == "AI left pneumothorax 83 % (preliminary)"
    (finding,) = tracked(report)
    assert {box.TrackingUID, label.TrackingUID} == {finding.uid}
    assert box.TrackingID == finding.identifier


def test_a_later_report_tracks_the_same_finding_and_says_that_it_is_signed(tmp_path):
    report = preliminary(image(tmp_path), script=boxed(1))
    first, later = states_of(report)[0], states_of(in_state(report, "final"))[0]
    uids = [one.GraphicAnnotationSequence[1].GraphicObjectSequence[0].TrackingUID for one in (first, later)]
    assert uids[0] == uids[1]
    text = later.GraphicAnnotationSequence[1].TextObjectSequence[0].UnformattedTextValue
    assert text == "AI left pneumothorax 83 % (signed)"
    assert "FINAL, signed by" in later.GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue


def test_the_modality_values_and_the_window_are_those_of_the_readers_view(tmp_path):
    report = preliminary(image(tmp_path), script=boxed(1))
    (state,) = states_of(report)
    seen = next(view.window for view in report.views if view.window)
    assert (state.RescaleIntercept, state.RescaleSlope, state.RescaleType) == (-1024, 1, "HU")
    (window,) = state.SoftcopyVOILUTSequence
    assert float(window.WindowCenter) == pytest.approx(seen.center)
    assert float(window.WindowWidth) == pytest.approx(seen.width)


def test_white_and_black_change_places_where_the_image_says_so(tmp_path):
    (state,) = states_of(preliminary(image(tmp_path, inverted), script=boxed(1)))
    assert state.PresentationLUTShape == "INVERSE"


def test_images_of_different_grey_levels_never_share_a_state(tmp_path):
    def another(dataset):
        inverted(dataset)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"

    report = preliminary(image(tmp_path, name="a.dcm"), image(tmp_path, another, "b.dcm"), script=boxed(1))
    made = states_of(report)
    assert sorted(state.PresentationLUTShape for state in made) == ["IDENTITY", "INVERSE"]
    assert len({state.SOPInstanceUID for state in made}) == 2
    assert len({state.SeriesInstanceUID for state in made}) == 1
    given = in_state(report, "rejected")
    assert presentation_states_of(given, given.supersedes) == 2


def test_each_frame_has_its_own_boxes(tmp_path):
    report = preliminary(image(tmp_path, made_multiframe), script=boxed(1, 3))
    (state,) = states_of(report)
    frames = [
        one.ReferencedImageSequence[0].ReferencedFrameNumber
        for one in state.GraphicAnnotationSequence
        if "ReferencedImageSequence" in one
    ]
    assert frames == [1, 3]
    assert list(state.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber) == [1, 3]


def test_an_image_in_colour_is_left_out(tmp_path):
    assert states_of(preliminary(image(tmp_path, coloured), script=boxed(1))) == []


@pytest.mark.parametrize("state", ["rejected", "unread"])
def test_nothing_is_drawn_where_nothing_is_found(tmp_path, state):
    assert states_of(in_state(preliminary(image(tmp_path), script=boxed(1)), state)) == []


def test_body_part_is_copied_and_a_side_told_only_of_what_has_one(tmp_path):
    def breast(dataset):
        dataset.BodyPartExamined, dataset.Laterality = "BREAST", "L"

    def chest(dataset):
        dataset.BodyPartExamined = "CHEST"

    (sided,) = states_of(preliminary(image(tmp_path, breast, "a.dcm"), script=boxed(1)))
    (unpaired,) = states_of(preliminary(image(tmp_path, chest, "b.dcm"), script=boxed(1)))
    assert (sided.BodyPartExamined, sided.Laterality) == ("BREAST", "L")
    assert unpaired.BodyPartExamined == "CHEST"
    assert "Laterality" not in unpaired


def test_a_frames_own_rescale_comes_before_the_shared_one():
    def group(intercept):
        values, item = Dataset(), Dataset()
        values.RescaleIntercept, values.RescaleSlope, values.RescaleType = intercept, 2, "US"
        item.PixelValueTransformationSequence = [values]
        return item

    header = Dataset()
    header.SharedFunctionalGroupsSequence = [group(5)]
    assert tone_of(header, 2).rescale == ("5", "2", "US")
    header.PerFrameFunctionalGroupsSequence = [group(6), group(7)]
    assert tone_of(header, 2).rescale == ("7", "2", "US")


def test_values_that_need_a_table_have_no_state():
    header = Dataset()
    header.ModalityLUTSequence = [Dataset()]
    assert tone_of(header, 1) is None


def test_a_header_window_that_the_standard_forbids_is_not_passed_on(tmp_path):
    report = preliminary(image(tmp_path), script=boxed(1))
    header = Dataset()
    header.WindowCenter, header.WindowWidth = 40, 0
    assert window_of(report, header, "1.2.3.not.seen", 1) is None


def test_the_kind_is_told(tmp_path):
    report = preliminary(image(tmp_path), script=boxed(1))
    assert [made.kind for made in make_gsps(report, read_originals(report))] == [Kind.GSPS]
