import contextlib
import tempfile
from pathlib import Path

from dicom_phantoms import write
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.dicom import Limits, check_declared_size, open_dataset, repair_sos
from wetread.errors import InputError
from wetread.intake.found import read_found
from wetread.intake.kinds import FileKind, kind_of

SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]
FOLDER = Path(tempfile.mkdtemp(prefix="wetread-mutations-"))
VALID = [
    write(FOLDER / s, syntax=s, NumberOfFrames=1, SpecificCharacterSet="ISO_IR 192").read_bytes() for s in SYNTAXES
]
changes = st.lists(st.tuples(st.integers(0, 2000), st.binary(min_size=1, max_size=6)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VALID), changes, st.integers(0, 2000))
def test_a_damaged_object_is_read_or_refused_but_never_a_traceback(whole, changes, cut):
    data = bytearray(whole)
    for at, replacement in changes:
        data[at % len(data) : at % len(data) + len(replacement)] = replacement
    path = FOLDER / "damaged"
    path.write_bytes(data[:cut] if cut % 2 else data)
    with contextlib.suppress(InputError):
        opened = open_dataset(path, "damaged", pixels=True)
        check_declared_size(opened.dataset, "damaged")
        read_found(path, "damaged", FileKind.DICOM, Limits())


@settings(max_examples=150)
@given(st.binary(max_size=600))
def test_any_bytes_have_a_kind_and_survive_the_jpeg_repair(data):
    assert kind_of(data) in FileKind
    assert len(repair_sos(b"\xff\xd8" + data)) == len(data) + 2
