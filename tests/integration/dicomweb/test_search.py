"""QIDO-RS: what is found, and above all what is not."""

import pytest
from dicomweb_house import multipart
from dicomweb_objects import file_of, slice_of

PEOPLE = (
    {"PatientID": "12", "PatientName": "Müller^Jörg", "StudyDate": "20240101", "AccessionNumber": "A-1"},
    {"PatientID": "123", "PatientName": "MULLER^Anna^^^", "StudyDate": "20240229", "AccessionNumber": "A-2"},
    {"PatientID": "12*", "PatientName": "Yamada^Tarou=山田^太郎", "StudyDate": "20250315", "AccessionNumber": "A-3"},
    {"PatientID": "12_", "PatientName": "O'Neil^Pat", "StudyDate": "20250316", "AccessionNumber": "B%1"},
    {"PatientID": "ab", "PatientName": "doe^john", "StudyDate": "", "AccessionNumber": ""},
    {"PatientID": "AB", "PatientName": "DOE^JANE", "StudyTime": "235959.5", "StudyDescription": "Head [native]"},
)


@pytest.fixture(scope="module")
def studies(house):
    """The UIDs of one study of each of the people, in their order; the last one also has an MR series."""
    made = [slice_of(SpecificCharacterSet="ISO_IR 192", **facts) for facts in PEOPLE]
    more = slice_of(made[-1].StudyInstanceUID, Modality="MR", SeriesNumber=2, PatientID="AB", PatientName="DOE^JANE")
    body, kind = multipart(*map(file_of, [*made, more]))
    with house.client() as client:
        assert client.post(f"{house.web}/studies", content=body, headers={"Content-Type": kind}).status_code == 200
    assert house.ingest() == []
    return [one.StudyInstanceUID for one in made]


def found(house, studies, path="studies", **parameters):
    """Places in `studies` of what was found."""
    with house.client() as client:
        answer = client.get(f"{house.web}/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dicom+json"
    return sorted(studies.index(one["0020000D"]["Value"][0]) for one in answer.json())


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"PatientID": "12"}, [0]),
        ({"patientid": "12"}, [0]),
        ({"00100020": "123"}, [1]),
        ({"PatientID": "12*"}, [2]),  # somebody has that very number: nobody else is meant
        ({"PatientID": "12_"}, [3]),
        ({"PatientID": "12?"}, [1, 2, 3]),
        ({"PatientID": "ab"}, [4]),
        ({"PatientID": "A*"}, [5]),
        ({"PatientID": "nobody"}, []),
        ({"PatientID": "%"}, []),
        ({"PatientID": ""}, [0, 1, 2, 3, 4, 5]),
        ({"PatientName": "müller*"}, [0]),
        ({"PatientName": "muller^anna"}, [1]),
        ({"PatientName": "Yamada^Tarou"}, [2]),
        ({"PatientName": "Yamada"}, []),
        ({"PatientName": "o'neil*"}, [3]),
        ({"PatientName": "DOE^*"}, [4, 5]),
        ({"AccessionNumber": "A-2"}, [1]),
        ({"AccessionNumber": "B%1"}, [3]),
        ({"AccessionNumber": "A-*"}, [0, 1, 2]),
        ({"StudyDate": "20240229"}, [1, 5]),
        ({"StudyDate": "20240102-20250315"}, [1, 2, 5]),
        ({"StudyDate": "20250316-"}, [3]),
        ({"StudyDate": "-20240101"}, [0]),
        ({"StudyTime": "23"}, [5]),
        ({"StudyTime": "10-11"}, [0, 1, 2, 3, 4]),
        ({"ModalitiesInStudy": "MR"}, [5]),
        ({"ModalitiesInStudy": "MR\\US"}, [5]),
        ({"ModalitiesInStudy": "M"}, []),
        ({"StudyDescription": "Head [[]native]"}, []),
        ({"StudyDescription": "Head [*"}, [5]),
        ({"PatientID": "12", "AccessionNumber": "A-2"}, []),
    ],
)
def test_studies_are_matched_by_what_was_asked(house, studies, parameters, expected):
    assert found(house, studies, **parameters) == expected


def test_a_repeated_parameter_never_widens_what_is_found(house, studies):
    with house.client() as client:
        answer = client.get(f"{house.web}/studies?PatientID=12&PatientID=123")
    assert answer.json() == []


def test_several_uids_are_an_or(house, studies):
    for separator in (",", "\\"):
        assert found(house, studies, StudyInstanceUID=separator.join(studies[1:3])) == [1, 2]


def test_series_and_instances_are_found_by_keys_of_every_level_above(house, studies):
    assert found(house, studies, "series", Modality="MR") == [5]
    assert found(house, studies, "series", PatientID="AB", Modality="CT") == [5]
    assert found(house, studies, "instances", PatientID="12", SeriesNumber="1") == [0]
    assert found(house, studies, "instances", InstanceNumber="99") == []
    assert found(house, studies, "instances", InstanceNumber="nonsense") == []
    assert found(house, studies, f"studies/{studies[5]}/series") == [5, 5]
    assert found(house, studies, f"studies/{studies[5]}/instances", PatientID="12") == []


def test_a_study_says_what_the_standard_wants(house, studies):
    with house.client() as client:
        (one,) = client.get(f"{house.web}/studies", params={"PatientID": "AB"}).json()
    assert one["00080061"] == {"vr": "CS", "Value": ["CT", "MR"]}
    assert one["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "DOE^JANE"}]}
    assert one["00080020"] == {"vr": "DA", "Value": ["20240229"]}
    assert one["00080030"] == {"vr": "TM", "Value": ["235959.5"]}
    assert one["00100030"] == {"vr": "DA"}, "what is not known is there, empty"
    assert one["00201206"]["Value"] == [2]
    assert one["00081190"]["Value"] == [f"{house.web}/studies/{studies[5]}"]


def test_a_name_keeps_its_ideographic_group(house, studies):
    with house.client() as client:
        (one,) = client.get(f"{house.web}/studies", params={"StudyInstanceUID": studies[2]}).json()
    assert one["00100010"]["Value"] == [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]


def test_pages_are_cut_and_say_so(house, studies):
    with house.client() as client:
        first = client.get(f"{house.web}/studies", params={"limit": 4})
        rest = client.get(f"{house.web}/studies", params={"limit": 4, "offset": 4})
    assert "offset=4" in first.headers["warning"]
    assert "warning" not in rest.headers
    uids = [one["0020000D"]["Value"][0] for one in [*first.json(), *rest.json()]]
    assert sorted(uids) == sorted(studies)


def test_what_is_not_supported_is_named_and_ignored(house, studies):
    with house.client() as client:
        answer = client.get(f"{house.web}/studies", params={"EyeColour": "<b>blue", "fuzzymatching": "true"})
    said = answer.headers.get_list("warning")
    assert len(answer.json()) == 6
    assert any("EyeColour" in one for one in said)
    assert any("fuzzymatching" in one for one in said)
    assert not any("<" in one for one in said)


@pytest.mark.parametrize(
    "query",
    ["StudyDate=2024", "StudyDate=20240230", "StudyDate=-", "StudyTime=noon", "limit=-1", "offset=x", "limit=1e9"],
)
def test_values_that_cannot_be_are_refused(house, studies, query):
    with house.client() as client:
        assert client.get(f"{house.web}/studies?{query}").status_code == 400


def test_only_json_is_given(house, studies):
    with house.client() as client:
        xml = client.get(f"{house.web}/studies", headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
        plain = client.get(f"{house.web}/studies", headers={"Accept": "application/json"})
    assert (xml.status_code, plain.status_code) == (406, 200)


def test_the_audit_keeps_that_a_search_was_made_but_not_for_whom(house, studies):
    from sqlalchemy import select

    from wetread.store.tables import audit

    found(house, studies, PatientID="ab")
    with house.service.database.read() as connection:
        line = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).mappings().one()
    assert (line["action"], line["object"]) == ("search", "dicomweb/studies")
    assert '"00100020"' in line["data"]
    assert '"ab"' not in line["data"]
