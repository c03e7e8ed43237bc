"""A text-only model reads no film: DeepSeek's chat line is probed first, and refused with the reason if it fails."""

import os
import tempfile

from wetread import wiring
from wetread.settings import Settings

with tempfile.TemporaryDirectory() as folder:
    settings = Settings.model_validate(
        {
            "readers": {
                "deepseek": {
                    "kind": "vision",
                    "provider": "deepseek",
                    "model_id": "deepseek-chat",
                    "base_url": os.environ.get("DEEPSEEK_BASE_URL"),
                    "api_key_env": "DEEPSEEK_API_KEY",
                    "budget_usd_per_run": 0.50,
                }
            },
            "egress": {"data_class": "public", "licence_allows_third_parties": True},
            "data_dir": folder,
        }
    )
    passed, text = wiring.probe_reader(settings, "deepseek")
    print(f"probe {'passed' if passed else 'failed'}: {text}")

    nothing_declared = wiring.declare(modality=None, body_part=None, projection=None)
    with (
        wiring.open_desk(settings, readers=["deepseek"], output="json") as room,
        wiring.open_source(settings, nothing_declared) as source,
    ):
        for study in source.studies((wiring.DEMO / "film-00012975.dcm",)):
            report = wiring.read_one(room, study, wiring.open_context(None))
            print(report.urgency.priority, report.answers[0])
