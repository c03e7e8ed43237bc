"""Read a film through an OpenAI-compatible gateway or a server of your own (vLLM, Ollama, llama.cpp)."""

import os

from wetread import wiring
from wetread.settings import Settings

settings = Settings.model_validate(
    {
        "readers": {
            "local": {
                "kind": "vision",
                "provider": "openai-compatible",
                "model_id": "qwen2.5-vl-7b-instruct",
                "dialect": "vllm",
                "base_url": os.environ.get("GATEWAY_BASE_URL", "http://127.0.0.1:8000/v1"),
                "api_key_env": "GATEWAY_API_KEY",
                "budget_usd_per_run": 0.50,
                "price_input_usd": 0.0,
                "price_output_usd": 0.0,
            }
        },
        # The films that ship are public: a site says here what its own studies are.
        "egress": {"data_class": "public", "licence_allows_third_parties": True},
    }
)
nothing_declared = wiring.declare(modality=None, body_part=None, projection=None)

with (
    wiring.open_desk(settings, readers=["local"], output="json") as room,
    wiring.open_source(settings, nothing_declared) as source,
):
    for study in source.studies((wiring.DEMO / "film-00012975.dcm",)):
        report = wiring.read_one(room, study, wiring.open_context(None))
        print(wiring.rendered(report, "text").decode())
