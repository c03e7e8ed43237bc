"""Is the key good? The endpoint's list of model ids answers that for free, before any picture is sent."""

import asyncio
from dataclasses import dataclass

from wetread.readers.vision.extra import httpx2
from wetread.readers.vision.place import address_of, endpoint_of, homes
from wetread.readers.vision.wire import open_client
from wetread.settings import Dialect, Provider, VisionSettings

MOST_IDS = 10_000
CHECK_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCheck:
    """`state` is ok, refused, unreachable or unknown; `listed` is None where no list of ids came back."""

    state: str
    text: str
    listed: bool | None = None


async def check_key(name: str, settings: VisionSettings, key: str | None) -> KeyCheck:
    """What the endpoint says to the key, and whether it lists the model id. Nothing but the key is sent."""
    endpoint = endpoint_of(name, settings)
    address = address_of(settings) + homes()[settings.provider.value].models_path
    http = open_client(address, dialect=Dialect.OPENAI, timeout_s=CHECK_S, concurrency=1, on_site=endpoint.on_site)
    try:
        async with http, asyncio.timeout(CHECK_S):
            response = await http.get(address, headers=_headers(settings.provider, key))
            return _said(settings, endpoint.host, response)
    except (httpx2.HTTPError, TimeoutError) as problem:
        return KeyCheck(state="unreachable", text=f"{endpoint.host} can't be reached ({type(problem).__name__})")


def _headers(provider: Provider, key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    if provider is Provider.ANTHROPIC:
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if provider is Provider.GOOGLE:
        return {"x-goog-api-key": key}
    return {"authorization": f"Bearer {key}"}


def _said(settings: VisionSettings, host: str, response: httpx2.Response) -> KeyCheck:
    status = response.status_code
    if status in {401, 403}:
        return KeyCheck(state="refused", text=f"{host} refuses the key ({status}); put a valid key in its place")
    if status != httpx2.codes.OK:
        return KeyCheck(state="unknown", text=f"{host} answered {status} to the list of models")
    ids = _ids(response)
    if not ids:
        return KeyCheck(state="ok", text=f"{host} answers; it lists no models")
    listed = settings.model_id in ids
    text = f"{host} takes the key" if settings.provider.value != "openai-compatible" else f"{host} answers"
    tail = f"{settings.model_id} is listed" if listed else f"{settings.model_id} is not among its {len(ids)} models"
    return KeyCheck(state="ok" if listed else "unknown", text=f"{text}; {tail}", listed=listed)


def _ids(response: httpx2.Response) -> set[str]:
    try:
        body = response.json()
    except ValueError:
        return set()
    rows = (body.get("data") or body.get("models") or []) if isinstance(body, dict) else []
    found = (row.get("id") or row.get("name") for row in rows[:MOST_IDS] if isinstance(row, dict))
    return {str(one).removeprefix("models/") for one in found if one}
