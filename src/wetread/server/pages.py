"""The pages of the reading room, as they were built into the package (`web/`). They hold no data: those ask the API."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from wetread.server.state import ground_of

BUILT = Path(__file__).parent / "pages"
FIRST = "index.html"
ASSETS = "assets/"
NOT_PAGES = ("api/", "dicom-web/", "dicom-web", "metrics", "healthz", "readyz")
FOR_EVER = "public, max-age=31536000, immutable"  # their names change with their content
ASK_AGAIN = "no-cache"
SQUEEZED = ("text/", "application/json", "image/svg+xml", "application/wasm")
MEDIA = {".js": "text/javascript", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".css": "text/css"}
MISSING = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>wetread</title><h1>The pages are not built</h1>"
    "<p>The API answers, but this installation holds no pages. In a checkout run <code>scripts/build-web</code> "
    "(it needs node); a wheel always has them.</p><p>Research use only, AI preliminary, not for diagnosis.</p>"
)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of the pages: its bytes, the same by gzip where that helps, and what it is."""

    body: bytes
    squeezed: bytes | None
    media_type: str
    etag: str


@router.get("/{path:path}")
def page(path: str, request: Request) -> Response:
    """A file of the pages; every other address is a page's own, which the first page finds by itself."""
    if path.startswith(NOT_PAGES):
        raise HTTPException(404, "there is no such address")
    folder = ground_of(request).settings.pages or BUILT
    if not (folder / FIRST).is_file():
        return HTMLResponse(MISSING, status_code=503)
    name = path if path in _names(folder) else FIRST
    if name == FIRST and path.startswith(ASSETS):
        raise HTTPException(404, "there is no such file; load the page anew")
    try:
        asset = _asset(folder / name)
    except FileNotFoundError:  # built anew under a service that runs
        raise HTTPException(404, "there is no such file any more; load the page anew") from None
    return _answer(request, asset, FOR_EVER if name.startswith(ASSETS) else ASK_AGAIN)


def _answer(request: Request, asset: Asset, cache_control: str) -> Response:
    headers = {"Cache-Control": cache_control, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.squeezed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.squeezed, headers=headers, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


@cache
def _names(folder: Path) -> frozenset[str]:
    """The files that there are: nothing else is ever opened, whatever an address says."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return frozenset(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))


@cache
def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    guessed = MEDIA.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    squeezed = gzip.compress(body, 9, mtime=0) if guessed.startswith(SQUEEZED) else None
    return Asset(
        body=body,
        squeezed=squeezed if squeezed is not None and len(squeezed) < len(body) else None,
        media_type=guessed,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    )
