"""A damaged image is a view or a named failure, never an exception of a library's."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.study import Instance, InstanceKind
from wetread.domain.view import ViewPlan
from wetread.imaging import prepare_instance
from wetread.testing import phantoms

FOLDER = Path(tempfile.mkdtemp(prefix="wetread-damaged-"))
WHOLE = [
    phantoms.write(dataset, FOLDER / f"{number}.dcm").read_bytes()
    for number, dataset in enumerate(
        (
            phantoms.radiograph(8, 8, WindowCenter=[100, 200], WindowWidth=[50, 60]),
            phantoms.radiograph(8, 8, photometric="MONOCHROME1", signed=True, PixelPaddingValue=-5),
            phantoms.palette(),
            phantoms.enhanced_ct(),
        )
    )
]
changes = st.lists(st.tuples(st.integers(132, 6000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(WHOLE), changes)
def test_a_damaged_image_is_a_view_or_a_named_failure(whole, damage):
    data = bytearray(whole)
    for at, replacement in damage:
        data[at % len(data) : at % len(data) + len(replacement)] = replacement
    path = FOLDER / "damaged.dcm"
    path.write_bytes(data)
    instance = Instance(
        file="damaged.dcm", path=path, sha256="0" * 64, size_bytes=len(data), kind=InstanceKind.DICOM_IMAGE
    )
    prepared = prepare_instance(instance, ViewPlan(max_edge_px=64))
    assert prepared.views or [failure.file for failure in prepared.failures] == ["damaged.dcm"]
