"""dicomweb-client as an independent peer."""

import numpy as np
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from dicomweb_objects import slice_of
from pydicom.uid import JPEG2000Lossless


@pytest.fixture(scope="module")
def peer(house):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {house.token}"
    return DICOMwebClient(house.web, session=session)


@pytest.fixture(scope="module")
def series(house, peer):
    """Five slices that the client stored."""
    first = slice_of(InstanceNumber=1)
    rest = (slice_of(first.StudyInstanceUID, first.SeriesInstanceUID, InstanceNumber=n) for n in range(2, 6))
    made = [first, *rest]
    answer = peer.store_instances(made)
    assert len(answer.ReferencedSOPSequence) == 5
    assert "FailedSOPSequence" not in answer
    assert house.ingest() == []
    return made


def where(one):
    return one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID


def test_it_finds_what_it_stored(peer, series):
    study, number, _ = where(series[0])
    assert [s["0020000D"]["Value"][0] for s in peer.search_for_studies(search_filters={"PatientID": "P1"})] == [study]
    assert [s["0020000E"]["Value"][0] for s in peer.search_for_series(study)] == [number]
    assert [i["00200013"]["Value"][0] for i in peer.search_for_instances(study, number)] == [1, 2, 3, 4, 5]


def test_it_retrieves_what_it_stored(peer, series):
    study, number, sop = where(series[2])
    assert peer.retrieve_instance(study, number, sop).PixelData == series[2].PixelData
    assert {one.SOPInstanceUID for one in peer.retrieve_series(study, number)} == {one.SOPInstanceUID for one in series}
    assert len(peer.retrieve_study(study)) == 5


def test_it_reads_metadata_and_follows_bulk_data(house, peer, series):
    study, number, sop = where(series[1])
    told = peer.retrieve_series_metadata(study, number)
    assert [one["00200013"]["Value"][0] for one in told] == [1, 2, 3, 4, 5]
    assert told == peer.retrieve_study_metadata(study)
    one = peer.retrieve_instance_metadata(study, number, sop)
    assert one == told[1]
    (pixels,) = peer.retrieve_bulkdata(house.url + one["7FE00010"]["BulkDataURI"])
    assert pixels == series[1].PixelData


def test_it_reads_frames_and_pictures(peer, series):
    study, number, sop = where(series[0])
    (frame,) = peer.retrieve_instance_frames(study, number, sop, [1])
    assert frame == series[0].PixelData
    assert peer.retrieve_instance_rendered(study, number, sop, media_types=("image/png",)).startswith(b"\x89PNG")
    assert (
        peer.retrieve_instance_frames_rendered(study, number, sop, [1], media_types=("image/jpeg",))[:2] == b"\xff\xd8"
    )


def test_a_compressed_object_comes_in_its_own_syntax(house, peer):
    made = slice_of(side=64)
    grey = np.frombuffer(made.PixelData, "<u2").reshape(64, 64)
    made.compress(JPEG2000Lossless, grey, generate_instance_uid=False)
    peer.store_instances([made])
    house.ingest()
    study, number, sop = where(made)
    got = peer.retrieve_instance(study, number, sop, media_types=(("application/dicom", "*"),))
    assert got.file_meta.TransferSyntaxUID == JPEG2000Lossless
    (frame,) = peer.retrieve_instance_frames(study, number, sop, [1], media_types=(("image/jp2", JPEG2000Lossless),))
    assert frame.startswith(b"\xff\x4f\xff\x51")
    with pytest.raises(requests.HTTPError, match="406"):
        peer.retrieve_instance_frames(study, number, sop, [1], media_types=("application/octet-stream",))
