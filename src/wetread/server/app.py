"""The app: every route of the API and of DICOMweb on one ground. One that nobody guards stops it at its start."""

from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from wetread import __version__
from wetread.domain.people import Permission
from wetread.server import (
    about,
    account,
    communications,
    dicomweb,
    discordance,
    drift,
    estimate,
    evaluations,
    events,
    gate,
    health,
    operations,
    orders,
    pages,
    people,
    pictures,
    queue,
    reads,
    reidentify,
    reports,
    reports_findings,
    setup,
    site,
    site_prices,
    site_rules,
    studies,
    uploads,
    worklist,
)
from wetread.server.access import permissions_of
from wetread.server.app_guard import Guarded, SqueezedList
from wetread.server.problems import tell_problems
from wetread.server.state import Ground, Parts

API = "/api/v1"
LARGEST_BODY_BYTES = 1024 * 1024
STREAMED_BYTES = 1 << 50  # uploads and STOW are measured object by object
OPEN = frozenset(
    {
        "/healthz",
        "/readyz",
        f"{API}/about",
        f"{API}/login",
        f"{API}/setup",
        f"{API}/oidc/start",
        f"{API}/oidc/callback",
        "/{path:path}",  # the pages: they hold no data
    }
)
ABOUT = (
    "Preliminary reads for imaging studies, ordered by urgency. Research use only, AI preliminary, not for diagnosis. "
    "Each operation names the permission it asks for as `x-permission`."
)
PARTS = (
    about,
    setup,
    account,
    worklist,
    studies,
    pictures,
    reads,
    estimate,
    reports,
    reports_findings,
    communications,
    orders,
    events,
    operations,
    site,
    site_rules,
    site_prices,
    discordance,
    drift,
    evaluations,
    queue,
    people,
    gate,
    reidentify,
)


def create_app(service: Parts, *, hosts: Iterable[str] | None = None) -> FastAPI:
    """The API over a service. `hosts` are the only host names it answers to; None: every name.

    Raises: RuntimeError where a route asks for no permission and is not one of the few open ones.
    """
    ground = Ground(service=service)

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:  # noqa: ANN401 - what the framework wants
        yield
        ground.closing.set()

    app = FastAPI(
        title="wetread",
        version=__version__,
        description=ABOUT,
        lifespan=life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=LARGEST_BODY_BYTES,
        generate_unique_id_function=_operation_name,
        separate_input_output_schemas=False,
    )
    app.state.ground = ground
    app.include_router(health.router)
    for part in PARTS:
        app.include_router(part.router, prefix=API)
    app.include_router(uploads.router, prefix=API, max_body_size=STREAMED_BYTES)
    app.include_router(dicomweb.router, max_body_size=STREAMED_BYTES)
    app.include_router(pages.router)  # last: whatever else nobody answers
    tell_problems(app)
    _check(app)
    app.add_middleware(SqueezedList)
    app.add_middleware(Guarded, hosts=hosts)
    return app


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, frozenset[Permission]]]:
    """Every route: its method, its path, and the permissions that it asks for (none: open to everyone)."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        asked = permissions_of(route) if isinstance(route, APIRoute) else frozenset()
        for method in sorted(context.methods or ()):
            yield method, context.path or "", asked


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The API's description (OpenAPI 3.1); every operation names its permission."""
    told = app.openapi()
    for method, path, asked in routes_of(app):
        operation = told["paths"].get(path, {}).get(method.lower())
        if operation is not None and asked:
            operation["x-permission"] = ",".join(sorted(asked))
    return told


def _check(app: FastAPI) -> None:
    for method, path, asked in routes_of(app):
        if not asked and path not in OPEN:
            raise RuntimeError(f"{method} {path} asks for no permission; name one, or add it to the open routes")


def _operation_name(route: APIRoute) -> str:
    """A short name for clients that are made from the description: module and function."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"
