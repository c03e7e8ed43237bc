"""Results of capability probes: which model id at which address could read a picture, and when."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

FRESH = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What came of a probe. `when` is ISO 8601 with its zone; `target` names endpoint and model id it was made of."""

    target: str
    passed: bool
    text: str
    when: str

    def stale(self, now: datetime) -> bool:
        """True a day after it was made: providers change what is behind a name."""
        return now - datetime.fromisoformat(self.when) > FRESH


def load_probes(path: Path) -> Mapping[str, Probe]:
    """Kept results by target; a damaged file is as good as none, for every probe can be made again."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {target: Probe(**row) for target, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keep_probe(path: Path, result: Probe) -> None:
    """Write the result beside the others, the whole file in one step."""
    every = {**load_probes(path), result.target: result}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({target: asdict(one) for target, one in sorted(every.items())}, file, indent=1)
    Path(name).replace(path)
