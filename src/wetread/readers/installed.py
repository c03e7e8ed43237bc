"""Readers dropped into a folder, and the one way to fetch another: by address, pinned by SHA-256."""

import hashlib
import io
import shutil
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from wetread.errors import CardInvalid, ConfigurationError
from wetread.readers.card import CARD_FILE, ReaderCard, load_card, parse_card, read_card

MAX_DOWNLOAD_BYTES = 2_000_000_000
TIMEOUT_S = 60.0
Fetch = Callable[[str], bytes]


def installed_readers(folder: Path) -> dict[str, Path]:
    """Name → folder of every reader dropped into `folder`. A folder without a card is not a reader."""
    if not folder.is_dir():
        return {}
    return {child.name: child for child in sorted(folder.iterdir()) if (child / CARD_FILE).is_file()}


def fetch(address: str) -> bytes:
    """The bytes behind an https address or a local file.

    Raises: ConfigurationError naming the address, for other schemes, failures and oversize.
    """
    local = "://" not in address
    if not local and urlsplit(address).scheme != "https":
        raise ConfigurationError(f"{address}: readers are fetched over https only")
    try:
        if local:
            return Path(address).read_bytes()
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 - https was checked above
            if urlsplit(answer.url).scheme != "https":
                raise ConfigurationError(f"{address}: leads to an address that is not https; it was not fetched")
            data: bytes = answer.read(MAX_DOWNLOAD_BYTES + 1)
    except OSError as problem:
        raise ConfigurationError(
            f"{address}: could not be fetched ({problem}); try again or fetch it by hand"
        ) from problem
    if len(data) > MAX_DOWNLOAD_BYTES:
        raise ConfigurationError(f"{address}: larger than {MAX_DOWNLOAD_BYTES} bytes")
    return data


def install(address: str, *, sha256: str, folder: Path, card: Path | None = None, get: Fetch = fetch) -> ReaderCard:
    """Fetch a reader, check its pin, and put it under `folder` by the name on its card.

    The address holds a ZIP of card and weights, or an ONNX file whose `card` lies on this machine.
    Nothing is written before the pin and the card are right.
    Raises: ConfigurationError for a wrong pin, CardInvalid for a wrong card.
    """
    data = get(address)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256.lower():
        raise ConfigurationError(f"{address}: SHA-256 is {found}, pinned was {sha256}; it was not installed")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".installing-") as spool:
        staged = Path(spool) / "reader"
        staged.mkdir()
        if card is None:
            _unpack(data, staged, address)
        else:
            shutil.copyfile(card, staged / CARD_FILE)
            (staged / read_card(card).weights.file).write_bytes(data)
        loaded = load_card(staged)
        target = folder / loaded.name
        if target.exists():
            target.rename(Path(spool) / "replaced")
        staged.rename(target)
    return loaded


def _unpack(data: bytes, folder: Path, address: str) -> None:
    """Only the card and the weights it names leave the archive, whatever else it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {Path(name).name: name for name in archive.namelist() if not name.endswith("/")}
            text = _member(archive, entries, CARD_FILE).decode("utf-8")
            (folder / CARD_FILE).write_text(text, encoding="utf-8")
            weights = parse_card(text, CARD_FILE).weights.file
            (folder / weights).write_bytes(_member(archive, entries, weights))
    except (zipfile.BadZipFile, UnicodeDecodeError, RuntimeError) as problem:  # RuntimeError: it is encrypted
        raise CardInvalid(
            f"{address}: not a ZIP of {CARD_FILE} and weights; for a bare ONNX file give --card"
        ) from problem


def _member(archive: zipfile.ZipFile, entries: dict[str, str], name: str) -> bytes:
    if name not in entries:
        raise CardInvalid(f"the archive holds no {name}")
    if archive.getinfo(entries[name]).file_size > MAX_DOWNLOAD_BYTES:
        raise CardInvalid(f"{name} in the archive is larger than {MAX_DOWNLOAD_BYTES} bytes")
    return archive.read(entries[name])
