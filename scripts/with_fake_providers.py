"""Run a command with fake model providers: their addresses and keys stand in the usual variables of the environment."""

import os
import subprocess
import sys
import tempfile

from llmock.testing import LLMockServer

with LLMockServer() as server, tempfile.TemporaryDirectory() as folder:
    fakes = {
        "OPENAI_BASE_URL": server.base_url("openai"),
        "ANTHROPIC_BASE_URL": server.base_url("anthropic"),
        "GOOGLE_GEMINI_BASE_URL": server.base_url("gemini"),
        "DEEPSEEK_BASE_URL": server.base_url("openai"),
        "GATEWAY_BASE_URL": server.base_url("openai"),
    }
    keys = dict.fromkeys(
        ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "DEEPSEEK_API_KEY", "GATEWAY_API_KEY"), "fake-key"
    )
    kept = {"XDG_DATA_HOME": folder}  # what the examples spend and probe is no site's
    done = subprocess.run(sys.argv[1:], env={**os.environ, **fakes, **keys, **kept}, check=False)
    code = done.returncode
sys.exit(code)
