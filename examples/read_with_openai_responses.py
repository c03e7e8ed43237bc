"""Read a film with an OpenAI model by the responses interface."""

import os

from wetread import wiring
from wetread.settings import Settings

settings = Settings.model_validate(
    {
        "readers": {
            "gpt": {
                "kind": "vision",
                "provider": "openai-responses",
                "model_id": "gpt-4.1",
                "base_url": os.environ.get("OPENAI_BASE_URL"),
                "api_key_env": "OPENAI_API_KEY",
                "budget_usd_per_run": 0.50,
            }
        },
        # The films that ship are public: a site says here what its own studies are.
        "egress": {"data_class": "public", "licence_allows_third_parties": True},
    }
)
nothing_declared = wiring.declare(modality=None, body_part=None, projection=None)

with (
    wiring.open_desk(settings, readers=["gpt"], output="json") as room,
    wiring.open_source(settings, nothing_declared) as source,
):
    for study in source.studies((wiring.DEMO / "film-00012975.dcm",)):
        report = wiring.read_one(room, study, wiring.open_context(None))
        print(wiring.rendered(report, "text").decode())
