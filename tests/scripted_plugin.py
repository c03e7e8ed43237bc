"""A reader that says what a file tells it to, installed as a plug-in for the time of a test.

`install(folder)` makes a folder for `sys.path`; `Script` says what the reader does and how often it was asked.
"""

import json
from pathlib import Path

MODULE = """
import json
from pathlib import Path

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.errors import ReaderRefused, ReaderUnavailable

FILE = Path(__file__).with_name("script.json")


class Scripted:
    name = "scripted"

    def __init__(self):
        self.identity = ReaderIdentity(name="scripted", version="1", fingerprint=json.loads(FILE.read_text())["model"])

    async def read(self, request):
        told = json.loads(FILE.read_text())
        told["asked"] += 1
        FILE.write_text(json.dumps(told))
        if told["gone"]:
            raise ReaderUnavailable("the provider is gone")
        if told["refuses"]:
            raise ReaderRefused("not my examination")
        findings = (
            Finding(code=code, presence=Presence(presence), confidence_raw=number)
            for code, (presence, number) in told["says"].items()
        )
        views = tuple(view.pixel_sha256 for view in request.views)
        return Read(reader=self.identity, findings=tuple(findings), views_read=views, cost_usd=0.02)
"""
ABOUT = "Metadata-Version: 2.1\nName: wetread-scripted\nVersion: 1.0\n"
SAYS = {"wr:pneumothorax": ["present", 0.9], "wr:pleural-effusion": ["absent", 0.1]}


class Script:
    """What the reader says; `change` another thing."""

    def __init__(self, folder: Path):
        self.file = folder / "script.json"
        self.file.write_text(json.dumps({"model": "m1", "says": SAYS, "gone": False, "refuses": False, "asked": 0}))

    def change(self, **told):
        self.file.write_text(json.dumps({**json.loads(self.file.read_text()), **told}))

    @property
    def asked(self):
        return json.loads(self.file.read_text())["asked"]


def install(folder: Path) -> Script:
    """A folder for `sys.path` with the plug-in installed in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wetread_scripted.py").write_text(MODULE)
    about = folder / "wetread_scripted-1.0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(ABOUT)
    (about / "entry_points.txt").write_text("[wetread.readers]\nscripted = wetread_scripted:Scripted\n")
    return Script(folder)
