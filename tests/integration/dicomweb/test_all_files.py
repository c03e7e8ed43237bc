"""Every DICOM file there is goes in by STOW-RS and comes out by WADO-RS as it went in."""

import hashlib
import warnings

import pydicom
import pytest
from dicomweb_house import multipart, parts_of
from pydicom.encaps import generate_frames

from wetread.dicom.identity import read_identity
from wetread.errors import InputError

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'


@pytest.fixture(scope="module")
def sent(house, shared):
    """What was sent, by path; and what each was answered."""
    files = [path for path in sorted((shared / "dicom").iterdir()) if path.suffix != ".csv"]
    answers = {}
    with house.client() as client:
        for path in files:
            body, kind = multipart(path.read_bytes())
            answers[path] = client.post(f"{house.web}/studies", content=body, headers={"Content-Type": kind})
    return answers, house.ingest()


def complete(path):
    try:
        return read_identity(path, "x").complete
    except InputError:
        return False


def address(web, path):
    found = read_identity(path, "x")
    return f"{web}/studies/{found.study_uid}/series/{found.series_uid}/instances/{found.sop_uid}"


def test_each_file_is_stored_or_refused_with_a_reason(sent):
    answers, unplaced = sent
    assert len(answers) > 150
    for path, answer in answers.items():
        told = answer.json()
        if complete(path):
            assert answer.status_code == 200, path.name
            assert told["00081199"]["Value"][0]["00081155"]["Value"] == [read_identity(path, "x").sop_uid]
        else:
            assert answer.status_code == 409, path.name
            assert told["00081198"]["Value"][0]["00081197"]["Value"] == [0xC000]
    assert sum(answer.status_code == 200 for answer in answers.values()) > 130
    assert len(unplaced) < 10


def test_what_was_stored_is_retrieved_bit_by_bit(house, sent):
    answers, unplaced = sent
    claimed = {}
    for path, answer in answers.items():
        if answer.status_code == 200:
            claimed.setdefault(address(house.web, path), []).append(path.read_bytes())
    with house.client() as client:
        for url, files in claimed.items():
            got = client.get(url, headers={"Accept": AS_STORED})
            (part,) = parts_of(got)
            assert part in files, url
            assert ("warning" in got.headers) <= (len(set(files)) > 1), url
    assert len(claimed) > 110
    files = [file for files in claimed.values() for file in files]
    kept = sum(house.service.blobs.exists(hashlib.sha256(file).hexdigest()) for file in files)
    assert kept == len(files) - len(unplaced), "also the copies that claim one identifier are kept"


def test_frames_are_those_that_pydicom_finds(house, sent):
    first = {}
    for path, answer in sent[0].items():
        if answer.status_code == 200:
            first.setdefault(address(house.web, path), path)
    compared = 0
    with house.client() as client, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for url, path in first.items():
            expected = pydicoms_frames(path)
            if expected is None or client.get(url).status_code == 404:
                continue
            numbers = ",".join(str(n) for n in range(1, len(expected) + 1))
            got = client.get(f"{url}/frames/{numbers}", headers={"Accept": FRAMES})
            assert parts_of(got) == expected, path.name
            compared += 1
    assert compared > 85


def pydicoms_frames(path):
    """What pydicom gives as stored frames, None where it can't or has no such function."""
    dataset = pydicom.dcmread(path, force=True)
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if "PixelData" not in dataset or syntax is None or syntax == "1.2.840.10008.1.2.1.99":
        return None
    try:
        frames = int(dataset.get("NumberOfFrames") or 1)
        if dataset["PixelData"].is_undefined_length:
            return list(generate_frames(dataset.PixelData, number_of_frames=frames))[:frames]
    except ValueError:
        return None
    bits = dataset.Rows * dataset.Columns * dataset.get("SamplesPerPixel", 1) * dataset.BitsAllocated
    if bits % 8 or dataset.PhotometricInterpretation == "YBR_FULL_422" or len(dataset.PixelData) < bits // 8 * frames:
        return None
    size = bits // 8
    return [dataset.PixelData[i * size : (i + 1) * size] for i in range(frames)]


def test_metadata_of_each_study_is_json_with_its_identifiers(house, sent):
    with house.client() as client:
        studies = {}
        for offset in (0, 100):
            for one in client.get(f"{house.web}/studies", params={"offset": offset}).json():
                studies[one["0020000D"]["Value"][0]] = one["00201208"]["Value"][0]
        assert len(studies) > 80
        for uid, count in studies.items():
            got = client.get(f"{house.web}/studies/{uid}/metadata")
            assert got.status_code == 200, uid
            assert got.headers["content-encoding"] == "gzip"
            told = got.json()
            assert 0 < len(told) <= count
            assert all(one["0020000D"]["Value"] == [uid] for one in told)
            assert all(v != 0 for one in told for v in one.get("00280030", {}).get("Value", []))


def test_each_image_is_rendered_or_refused_and_the_server_goes_on(house, sent):
    drawn = 0
    with house.client() as client:
        for path, answer in list(sent[0].items())[::4]:
            if answer.status_code != 200:
                continue
            got = client.get(f"{address(house.web, path)}/rendered", params={"viewport": "64,64"})
            assert got.status_code in {200, 404, 413, 422}, path.name
            drawn += got.status_code == 200 and got.content.startswith(b"\xff\xd8\xff")
    assert drawn > 20
