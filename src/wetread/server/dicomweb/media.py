"""What a caller accepts (RFC 9110 12.5.1, PS3.18 8.7), and what it gets."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastapi import HTTPException, Request

MULTIPART, DICOM, OCTETS = "multipart/related", "application/dicom", "application/octet-stream"
JSON = "application/dicom+json"
ANY = "*/*"
MOST_RANGES = 64
PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))')

# The media types of single frames by their transfer syntax (PS3.18 table 8.7.3-5)
JPEG, JLS, JP2, JPX = "image/jpeg", "image/jls", "image/jp2", "image/jpx"
FRAME_TYPES = {
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70)), JPEG),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (80, 81)), JLS),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (90, 91)), JP2),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (92, 93)), JPX),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (100, 101)), "video/mpeg"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in range(102, 109)), "video/mp4"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112)), "image/jxl"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203)), "image/jphc"),
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One range of an Accept header. For multipart `media_type` is that of its parts."""

    media_type: str
    multipart: bool = False
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def syntax(self) -> str | None:
        """The transfer syntax that is asked for, `*` for any."""
        return self.parameters.get("transfer-syntax")

    def takes(self, media_type: str) -> bool:
        """Whether the media type lies in the range."""
        if self.media_type in (ANY, media_type):
            return True
        return self.media_type.endswith("/*") and media_type.startswith(self.media_type[:-1])


def accepted(request: Request) -> tuple[Range, ...]:
    """The ranges of the `accept` parameter or the Accept header, best first; what says nothing accepts everything."""
    written = request.query_params.get("accept") or ",".join(request.headers.getlist("accept"))
    ranges = [_range(part) for part in _parts(written)][:MOST_RANGES]
    kept = [(quality, one) for quality, one in ranges if quality > 0]
    found = tuple(one for _, one in sorted(kept, key=lambda pair: -pair[0]))
    return found if ranges else (Range(media_type=ANY),)


def check_json(request: Request) -> None:
    """Metadata and search results are JSON.

    Raises: HTTPException 406.
    """
    if not any(one.takes(JSON) or one.takes("application/json") for one in accepted(request) if not one.multipart):
        raise not_acceptable(f"this resource is {JSON}")


def not_acceptable(problem: str) -> HTTPException:
    """None of the accepted media types can be given."""
    return HTTPException(406, f"{problem}; change the Accept header")


def content_type(written: str) -> tuple[str, dict[str, str]]:
    """The media type in small letters, and its parameters."""
    media_type = written.partition(";")[0].strip().lower()
    return media_type, parameters(written[len(written.partition(";")[0]) :])


def parameters(written: str) -> dict[str, str]:
    """Parameters after a media type; quotes are taken off."""
    found = PARAMETER.finditer(written)
    return {m[1].lower(): re.sub(r"\\(.)", r"\1", m[2]) if m[2] is not None else m[3] for m in found}


def _parts(written: str) -> Iterable[str]:
    """What stands between commas outside quotes."""
    for part in re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', written):
        if part.strip():
            yield part


def _range(part: str) -> tuple[float, Range]:
    media_type, found = content_type(part.strip())
    try:
        quality = float(found.get("q", "1"))
    except ValueError:
        quality = 0.0
    if media_type == MULTIPART:
        return quality, Range(media_type=found.get("type", ANY).lower(), multipart=True, parameters=found)
    return quality, Range(media_type=media_type, parameters=found)
