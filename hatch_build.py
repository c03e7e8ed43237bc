"""Hatch's build hook: a wheel and an sdist carry the built pages, so that nobody who installs one needs node."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPT = Path("scripts") / "build-web"


class Pages(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the pages where they are stale. A checkout that is installed in place may do without them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's interface
        """Before anything is packed.

        Raises: SystemExit where the pages are missing and can't be built; it says what to install.
        """
        if version == "editable":
            return
        built = subprocess.run(
            ["bash", str(SCRIPT)], cwd=self.root, env={**os.environ, "PYTHON": sys.executable}, check=False
        )
        if built.returncode:
            raise SystemExit("the wheel needs the built pages: see the line above")
