"""Real files: equal to pydicom's decode, to the float64 reference and to dcmtk's pictures."""

import logging
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.pixels.utils import pixel_array
from wetread.dicom import open_dataset
from wetread.domain.study import Instance, InstanceKind
from wetread.domain.view import ViewPlan, WindowOrigin
from wetread.errors import InputError
from wetread.imaging import prepare_instance
from wetread.imaging.decode import StoredPixels
from wetread.imaging.transform import is_inverted, modality_transform
from wetread.testing.references import linear_levels

pytestmark = pytest.mark.shared

FOLDER = Path(os.environ.get("WETREAD_SHARED", Path(__file__).parents[3].parent / "shared")) / "data" / "dicom"
NOT_IMAGES = {"manifest.csv"}
FILES = sorted(p for p in FOLDER.iterdir() if p.name not in NOT_IMAGES) if FOLDER.is_dir() else []
if not FILES:
    pytest.skip("the DICOM files beside the project (../shared/data/dicom) are not here", allow_module_level=True)
CODEC_TROUBLE = Exception  # whatever a peer raises on a file it can't decode
PYDICOM_WRAPS = {"derived__bits_mismatch.dcm"}  # header says 8 bits, codestream 14: pydicom wraps them round


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def opened(path):
    try:
        found = open_dataset(path, path.name, pixels=True)
        return found, StoredPixels(found.dataset, found.transfer_syntax_uid, path.name)
    except InputError as error:
        pytest.skip(f"not an image that can be opened: {error.problem}")


def peer(path, index):
    try:
        return pixel_array(path, index=index)
    except CODEC_TROUBLE as error:
        pytest.skip(f"pydicom does not decode it: {type(error).__name__}")


def view_of(path, dataset):
    instance = Instance(
        file=path.name,
        path=path,
        sha256="0" * 64,
        size_bytes=path.stat().st_size,
        kind=InstanceKind.DICOM_IMAGE,
        modality=dataset.get("Modality"),
    )
    view = prepare_instance(instance, ViewPlan(max_images=1)).views[0]
    return view, cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name[:50])
def test_every_decode_equals_pydicoms(path):
    _, stored = opened(path)
    for index in {0, stored.layout.frames - 1}:
        expected = peer(path, index)
        found = stored.frame(index)
        if path.name in PYDICOM_WRAPS:
            assert np.array_equal(found.astype(np.int8), expected)
            continue
        lossy_colour = stored.syntax.endswith(".4.50") and expected.ndim == 3
        difference = np.abs(found.astype(np.float64) - expected.astype(np.float64))
        assert difference.max() <= (1 if lossy_colour else 0)
        assert difference.mean() < 1e-4
        assert found.dtype == expected.dtype or lossy_colour


def windowed(path):
    found, stored = opened(path)
    dataset = found.dataset
    if not stored.layout.monochrome or stored.layout.frames > 1:
        pytest.skip("no single grey frame")
    try:
        stored.frame(0)
    except InputError as error:
        pytest.skip(f"does not decode: {error.problem[:60]}")
    view, grey = view_of(path, dataset)
    if view.window.origin is not WindowOrigin.HEADER or view.window.function != "LINEAR":
        pytest.skip("no LINEAR header window")
    return dataset, stored, view, grey


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name[:50])
def test_every_windowed_view_is_within_a_level_of_the_standards_formula(path):
    dataset, stored, view, grey = windowed(path)
    values = modality_transform(dataset, 0).apply(stored.frame(0))
    expected = linear_levels(values, view.window.center, view.window.width)
    expected = 255 - expected if is_inverted(dataset) else expected
    assert np.abs(grey.astype(np.float64) - expected).max() <= 1


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name[:50])
def test_every_windowed_view_is_within_two_levels_of_dcmtks(path, tmp_path):
    program = shutil.which("dcmj2pnm")
    if program is None:
        pytest.skip("dcmtk's dcmj2pnm is not installed")
    dataset, stored, view, grey = windowed(path)
    if path.name in PYDICOM_WRAPS or int(np.ceil(np.log2(max(int(stored.frame(0).max()), 1) + 1))) > stored.layout.stored:
        pytest.skip("the codestream holds more bits than the header says; dcmtk clips them")
    picture = tmp_path / "peer.pgm"
    window = [str(view.window.center), str(view.window.width)]
    command = [program, "--write-raw-pnm", "-O", "+Ww", *window, str(path), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode or not picture.exists():
        pytest.skip("dcmtk does not decode it")
    expected = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.abs(grey.astype(int) - expected.astype(int)).max() <= 2


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name[:50])
def test_every_file_gives_views_or_a_failure_with_its_name_and_cause(path):
    instance = Instance(
        file=path.name, path=path, sha256="0" * 64, size_bytes=path.stat().st_size, kind=InstanceKind.DICOM_IMAGE
    )
    found = prepare_instance(instance, ViewPlan(max_edge_px=256))
    assert len(found.views) + len(found.failures) == 1
    for view in found.views:
        assert max(view.width, view.height) <= 256
        assert view.picture
    for failure in found.failures:
        assert failure.file == path.name
        assert failure.problem
