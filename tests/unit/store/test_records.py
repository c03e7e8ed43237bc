"""What is kept as a record comes back equal, pictures too."""

from pathlib import Path

from reported import report_of, studies_of
from wetread.domain.report import Report
from wetread.store.records import from_record, to_record

FILM = Path(__file__).parents[3] / "src/wetread/demo_studies/film-00003940.dcm"


def test_a_report_that_shows_pictures_is_kept_and_comes_back_equal():
    [study] = studies_of(FILM)
    report = report_of(study, pictures=True)
    assert report.pictures[0].picture.startswith(b"\x89PNG")
    assert from_record(Report, to_record(Report, report)) == report
