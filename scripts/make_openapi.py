"""Write docs/reference/openapi.json from the app's routes; `--check` says whether it is up to date."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from wetread.server.app import create_app, openapi_of
from wetread.settings import Settings
from wetread.wiring.service import open_service

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "openapi.json"


def made() -> str:
    """The description as it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        service = open_service(Settings(), Path(folder), f"sqlite:///{folder}/wetread.sqlite")
        try:
            told = openapi_of(create_app(service))
        finally:
            service.close()
    told["info"]["version"] = "1"  # the API's; the software's changes with each release
    return json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where it is out of date")
    if parser.parse_args().check:
        current = TARGET.read_text(encoding="utf-8") if TARGET.is_file() else ""
        if current != made():
            print(f"{TARGET} is out of date; run python scripts/make_openapi.py")
            return 1
        return 0
    TARGET.write_text(made(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
