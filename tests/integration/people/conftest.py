from datetime import UTC, datetime, timedelta

import pytest


class Clock:
    """A clock that tests turn."""

    def __init__(self):
        self.time = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def now(self):
        return self.time

    def turn(self, **by):
        self.time += timedelta(**by)
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def quick_hashes(monkeypatch):
    """argon2id as ever, with little work: for tests that hash often."""
    from argon2 import PasswordHasher

    from wetread.store import passwords

    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


class House:
    """An app with the routes about people, and one route for each permission, on a real store."""

    def __init__(self, database, clock, folder, public_url=None, **rules):
        from fastapi import FastAPI

        from wetread.domain.people import Role
        from wetread.server.app_guard import Guarded
        from wetread.server.people import router
        from wetread.server.problems import tell_problems
        from wetread.server.state import Ground
        from wetread.settings import Settings
        from wetread.wiring.service import Service

        settings = Settings(service={"people": rules, "public_url": public_url}, data_dir=folder)
        parts = {"blobs": None, "spool": None}  # no route about people touches them
        service = Service(settings=settings, data_dir=folder, database=database, clock=clock, **parts)
        self.database, self.clock, self.settings = database, clock, settings
        self.app = FastAPI()
        self.app.state.ground = Ground(service=service)
        self.app.include_router(router, prefix="/api/v1")
        self.app.include_router(every_permission())
        tell_problems(self.app)
        self.app.add_middleware(Guarded)
        self.roles = tuple(Role)

    def browser(self, base="http://localhost"):
        """A browser with cookies of its own."""
        from fastapi.testclient import TestClient

        return TestClient(self.app, base_url=base, raise_server_exceptions=False)

    def person(self, login, *roles):
        from wetread.store.people import add_user

        password = f"{login}'s long password"
        return add_user(self.database, login=login, roles=roles, password=password, now=self.clock.now())

    def logged_in(self, login, base="http://localhost"):
        """A browser whose every change carries the CSRF token."""
        browser = self.browser(base)
        answer = browser.post("/api/v1/login", json={"login": login, "password": f"{login}'s long password"})
        assert answer.status_code == 200, answer.text
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return browser

    def token(self, role, **more):
        from wetread.store.tokens import add_token

        return add_token(self.database, role=role, by="test", now=self.clock.now(), **more)[0]

    def program(self, role, base="http://localhost"):
        """A program with a token."""
        program = self.browser(base)
        program.headers["Authorization"] = f"Bearer {self.token(role)}"
        return program

    def told(self, **filters):
        """The audit's newest lines."""
        from wetread.store.audit_search import AuditFilters, audit_page

        return audit_page(self.database, AuditFilters(**filters))[0]


def every_permission():
    from typing import Annotated

    from fastapi import APIRouter, Depends

    from wetread.domain.people import Caller, Permission
    from wetread.server.access import needs

    router = APIRouter()
    for permission in Permission:

        def show(caller: Annotated[Caller, Depends(needs(permission))]) -> str:
            return caller.name

        router.add_api_route(f"/{permission}/{{anything}}", show, methods=["GET", "POST"])
    return router


@pytest.fixture
def house(database, clock, tmp_path, quick_hashes):
    return House(database, clock, tmp_path, attempts=3, lock_s=60, session_idle_s=1800)
