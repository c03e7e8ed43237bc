"""Read a study from Python and print its urgency, its findings and what was not assessed."""

from wetread import wiring
from wetread.settings import load_settings

settings = load_settings()
nothing_declared = wiring.declare(modality=None, body_part=None, projection=None)
film = wiring.DEMO / "film-00012975.dcm"

with (
    wiring.open_desk(settings, readers=["embedded"], output="json") as room,
    wiring.open_source(settings, nothing_declared) as source,
):
    for study in source.studies((film,)):
        report = wiring.read_one(room, study, wiring.open_context(None))
        print(report.banner)
        print(report.urgency.priority, report.urgency_label)
        for joined in report.consensus.findings if report.consensus else ():
            print(f"  {joined.finding.presence:<10} {report.terms[joined.finding.code].label}")
        print(f"{len(report.not_assessed)} further findings were not assessed")
