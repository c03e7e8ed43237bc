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
PYDICOM_WRAPS = {"derived__bits_mismatch.dcm"}  # header says 8 bits, codestream 14: pydicom wraps them round


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def opened(path):
    """The dataset and its pixels, or None where there are none to decode."""
    try:
        found = open_dataset(path, path.name, pixels=True)
        return found.dataset, StoredPixels(found.dataset, found.transfer_syntax_uid, path.name)
    except InputError:
        return None


def frame(stored, index):
    try:
        return stored.frame(index)
    except InputError:
        return None


def peer(path, index):
    """What pydicom makes of a frame, None where it fails in whatever way."""
    try:
        return pixel_array(path, index=index)
    except Exception:  # noqa: BLE001 - whatever a peer raises
        return None


def instance_of(path, modality=None):
    return Instance(
        file=path.name,
        path=path,
        sha256="0" * 64,
        size_bytes=path.stat().st_size,
        kind=InstanceKind.DICOM_IMAGE,
        modality=modality,
    )


def pairs():
    """Each frame that both decode: (name, syntax, ours, pydicom's), first and last frame of every file."""
    for path in FILES:
        found = opened(path)
        if found is None:
            continue
        for index in sorted({0, found[1].layout.frames - 1}):
            theirs = peer(path, index)
            if theirs is not None:
                yield path.name, found[1], frame(found[1], index), theirs


def test_every_file_that_pydicom_decodes_decodes_to_the_same_pixels():
    compared, wrong = 0, []
    for name, stored, ours, theirs in pairs():
        if name in PYDICOM_WRAPS:
            assert np.array_equal(ours.astype(np.int8), theirs)
            continue
        compared += 1
        lossy_colour = stored.syntax.endswith(".4.50") and theirs.ndim == 3  # two libraries' YBR to RGB rounding
        difference = np.inf if ours is None else np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
        if (
            np.max(difference) > lossy_colour
            or np.mean(difference) > 1e-4
            or ours.dtype != theirs.dtype.newbyteorder("=")
        ):
            wrong.append((name, np.max(difference)))
    assert not wrong
    assert compared > 140


def windowed():
    """Each single grey frame shown under a LINEAR header window: (path, dataset, stored values, view, grey)."""
    for path in FILES:
        found = opened(path)
        if found is None or not found[1].layout.monochrome or found[1].layout.frames > 1:
            continue
        dataset, stored = found
        values = frame(stored, 0)
        if values is None:
            continue
        view = prepare_instance(instance_of(path, dataset.get("Modality")), ViewPlan(max_images=1)).views[0]
        if view.window.origin is WindowOrigin.HEADER and view.window.function == "LINEAR":
            yield path, dataset, values, view, cv2.imdecode(np.frombuffer(view.picture, np.uint8), -1)


def test_every_windowed_view_is_within_a_level_of_the_standards_formula():
    worst = {}
    for path, dataset, values, view, grey in windowed():
        expected = linear_levels(modality_transform(dataset, 0).apply(values), view.window.center, view.window.width)
        expected = 255 - expected if is_inverted(dataset) else expected
        worst[path.name] = np.abs(grey.astype(np.float64) - expected).max()
    assert {name: d for name, d in worst.items() if d > 1} == {}
    assert len(worst) >= 40


def test_every_windowed_view_is_within_two_levels_of_dcmtks(tmp_path):
    program = shutil.which("dcmj2pnm")
    if program is None:
        pytest.skip("dcmtk's dcmj2pnm is not installed")
    worst, inverted = {}, 0
    for path, dataset, _, view, grey in windowed():
        picture = tmp_path / f"{path.name}.pgm"
        window = ["+Ww", str(view.window.center), str(view.window.width)]
        done = subprocess.run(
            [program, "--write-raw-pnm", "-O", *window, path, picture], capture_output=True, timeout=60
        )
        if done.returncode or not picture.exists():
            continue
        expected = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), -1)
        worst[path.name] = int(np.abs(grey.astype(int) - expected.astype(int)).max())
        inverted += is_inverted(dataset)
    assert {name: d for name, d in worst.items() if d > 2} == {}
    assert len(worst) > 20
    assert inverted >= 3


def test_every_file_gives_a_view_or_a_failure_with_its_name_and_cause():
    for path in FILES:
        found = prepare_instance(instance_of(path), ViewPlan(max_edge_px=256))
        assert len(found.views) + len(found.failures) == 1, path.name
        assert all(view.picture and max(view.width, view.height) <= 256 for view in found.views)
        assert all(failure.file == path.name and failure.problem for failure in found.failures)
