"""A panel of three readers, one of which is down: the others read, the failure is in the report, a human is asked."""

import os

from wetread import wiring
from wetread.settings import Settings

settings = Settings.model_validate(
    {
        "readers": {
            "gpt": {
                "kind": "vision",
                "provider": "openai",
                "model_id": "gpt-4.1",
                "base_url": os.environ.get("OPENAI_BASE_URL"),
                "api_key_env": "OPENAI_API_KEY",
                "budget_usd_per_run": 0.50,
            },
            "away": {  # nobody listens there
                "kind": "vision",
                "provider": "openai-compatible",
                "model_id": "qwen2.5-vl-7b-instruct",
                "base_url": "http://127.0.0.1:9/v1",
                "retries": 1,
                "timeout_s": 2,
            },
        },
        "panels": {"three": {"readers": ["embedded", "gpt", "away"], "votes": {"embedded": 1.0, "gpt": 1.5}}},
        "egress": {"data_class": "public", "licence_allows_third_parties": True},
    }
)
nothing_declared = wiring.declare(modality=None, body_part=None, projection=None)

with (
    wiring.open_desk(settings, readers=["three"], output="json") as room,
    wiring.open_source(settings, nothing_declared) as source,
):
    for study in source.studies((wiring.DEMO / "film-00012975.dcm",)):
        report = wiring.read_one(room, study, wiring.open_context(None))
        for answer in report.answers:
            print(f"{answer.reader.name}: {getattr(answer, 'reason', 'read')}")
        print(wiring.rendered(report, "text").decode())
