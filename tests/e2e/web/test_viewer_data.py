"""Real objects of many kinds look in the viewer as the service draws them: within 1 % of full scale."""

import pydicom
import pytest
from pydicom.uid import generate_uid
from reading_room import Watch, log_in, new_context
from viewer_house import open_study, picture, shown_part

OBJECTS = {
    "dwv__gdcm-CR-MONO1-10-chest.dcm": "codec",  # MONOCHROME1, 10 bits
    "torchxrayvision__Fake_MONOHR1.dcm": "codec",  # MONOCHROME1, JPEG baseline
    "kcr2019d1__anon_apct.dcm": "codec",  # big endian
    "cornerstone3D__CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm": "codec",
    "dicomParser__CT0012.fragmented_no_bot_jpeg_lossless.57.dcm": "codec",  # frames, functional groups
    "dcm4che__MR-JPEGLosslessSV1.dcm": "codec",
    "fo-dicom__GH184.dcm": "codec",  # signed, JPEG lossless
    "pydicom__MR_small_jpeg_ls_lossless.dcm": "codec",  # signed, JPEG-LS
    "dicom-test-files__MR2_JLSN.dcm": "codec",  # JPEG-LS near-lossless
    "pydicom__693_J2KI.dcm": "codec",  # JPEG 2000, signed
    "pydicom-data__emri_small_jpeg_2k_lossless.dcm": "codec",
    "pydicom-data__emri_small_RLE.dcm": "codec",
    "fo-dicom__HasFragmentSequence.dcm": "codec",  # 96 frames of JPEG baseline
    "pydicom__J2K_pixelrep_mismatch.dcm": "service",  # codestream and header disagree
    "dcmjs__sample-op.dcm": "service",  # 8 bit JPEG lossless
    "pydicom-data__mlut_18.dcm": "service",  # a modality table
    "pydicom-data__OBXXXX1A_rle.dcm": "service",  # PALETTE COLOR
    "dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm": "service",  # ultrasound, YBR_FULL, 8 frames
    "pydicom-data__US1_J2KI.dcm": "service",  # YBR_ICT
    "pydicom__ExplVR_BigEnd.dcm": "service",  # RGB, big endian
    "pydicom-data__parametric_map_float.dcm": "service",
    "pydicom__liver_expb_1frame.dcm": "service",  # 1 bit
}


@pytest.fixture(scope="module")
def museum(site, shared):
    """One study with a series for each object, numbered by its place in OBJECTS."""
    study, objects = generate_uid(), []
    for number, name in enumerate(OBJECTS, start=1):
        ds = pydicom.dcmread(shared / "dicom" / name, force=True)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = study, generate_uid(), generate_uid()
        ds.SeriesNumber, ds.InstanceNumber, ds.SpecificCharacterSet = number, 1, "ISO_IR 192"
        ds.PatientName, ds.PatientBirthDate = "Many^Kinds", ""
        ds.Modality = ds.get("Modality") or "OT"
        objects.append(ds)
    return site.send(*objects, within_s=180)


@pytest.mark.parametrize("lane", ["cpu", "gpu"])
def test_every_kind_of_object_is_shown_as_the_service_draws_it(lane, museum, browsers, site):
    watch = Watch(site.url)
    context = new_context(browsers[lane], site)
    context.on("page", watch.on)
    log_in(context, site)
    page = context.new_page()
    open_study(page, museum, lane)
    study = site.get(f"/studies/{museum}")
    wrong = [problem for series in study["series_list"] if (problem := look(page, study, series))]
    context.close()
    assert not wrong, "\n".join(wrong)
    watch.check()


def look(page, study: dict, series: dict) -> str | None:
    """Open a series; what is wrong with its first picture, if anything."""
    name, by = list(OBJECTS.items())[series["number"] - 1]
    page.locator(".viewer-series button").nth(study["series_list"].index(series)).click()
    page.get_by_test_id("corner-study").get_by_text(f"series {series['number']} · image 1").wait_for()
    page.locator(".viewer-cell[data-state=shown]").wait_for()
    base = f"/dicom-web/studies/{study['study_uid']}/series/{series['series_uid']}"
    sop = page.request.get(f"{base}/metadata").json()[0]["00080018"]["Value"][0]
    drawn = page.request.get(f"{base}/instances/{sop}/frames/1/rendered", headers={"accept": "image/png"})
    expected = picture(drawn.body())
    off = shown_part(page, *expected.shape[:2]).mean() - expected.mean()
    told = "service" if "drawn by the server" in page.get_by_test_id("corner-slice").inner_text() else "codec"
    return f"{name}: {off:+.2f}, by {told}" if abs(off) > 0.01 * 255 or told != by else None
