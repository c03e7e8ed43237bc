"""Every route of the whole app: shut without credentials, and open to exactly the roles that the table says.

`routes.txt` is that table: permission, method, path. A new route is written there by whoever adds it.
"""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from wetread.domain.people import ALLOWED, Permission, Role
from wetread.server.app import create_app, routes_of
from wetread.settings import Settings
from wetread.store.people import add_user
from wetread.store.tokens import add_token
from wetread.wiring.service import open_service

TABLE = Path(__file__).with_name("routes.txt")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
PASSWORD = "a long enough password"
SECRET = "what lies in the house stays in the house"


def table():
    rows = [line.split(" ", 2) for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return [
        (method, path, frozenset(Permission(p) for p in asked.split(",") if p != "-")) for asked, method, path in rows
    ]


ROUTES = table()
GUARDED = [route for route in ROUTES if route[2]]
PART = re.compile(r"\{[^}]*\}")


def filled(path, value="x"):
    """The path with something in the place of each of its parts."""
    return PART.sub(lambda _: value, path)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    data = tmp_path_factory.mktemp("house")
    (data / "secret.txt").write_text(SECRET)
    opened = open_service(Settings(), data)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(service):
    made = create_app(service)
    made.state.ground.closing.set()  # an endless answer ends at once
    return made


@pytest.fixture(scope="module")
def client(app):
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as made:
        app.state.ground.closing.set()
        yield made


@pytest.fixture(scope="module")
def programs(service):
    return {role: add_token(service.database, role=role, by="test", now=service.now())[0] for role in Role}


@pytest.fixture(scope="module")
def everything(app, service):
    """A browser of a person with every role, and the CSRF token."""
    add_user(service.database, login="all", roles=list(Role), password=PASSWORD, now=service.now())
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as browser:
        app.state.ground.closing.set()
        answer = browser.post("/api/v1/login", json={"login": "all", "password": PASSWORD})
        yield browser, answer.json()["csrf"]


def call(client, method, path, headers=None):
    body = {"json": {}} if method in UNSAFE else {}
    return client.request(method, path, headers=headers or {}, follow_redirects=False, **body)


def test_the_table_names_every_route_and_no_other(app):
    assert sorted(ROUTES) == sorted(routes_of(app)), (
        "write new routes into routes.txt, with the permission they ask for"
    )


def test_only_health_logging_in_and_what_holds_nothing_of_the_house_are_open():
    assert {path for _, path, asked in ROUTES if not asked} == {
        "/{path:path}",
        "/healthz",
        "/readyz",
        "/api/v1/about",
        "/api/v1/setup",
        "/api/v1/login",
        "/api/v1/oidc/start",
        "/api/v1/oidc/callback",
    }


@pytest.mark.parametrize("authorization", [None, "Bearer wr_" + "x" * 43, "Basic YWxsOmFsbA==", "Bearer"])
def test_without_a_good_token_every_guarded_route_answers_401(client, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answers = {(m, path): call(client, m, filled(path), headers) for m, path, _ in GUARDED}
    assert {route: answer.status_code for route, answer in answers.items() if answer.status_code != 401} == {}
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers.values())


def test_without_credentials_a_malformed_body_or_a_wrong_method_tells_nothing_more(client):
    for method, path, _ in GUARDED:
        if method in UNSAFE:
            answer = client.request(method, filled(path), content=b"{", headers={"Content-Type": "application/json"})
            assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_let_in_exactly_where_the_table_says(client, programs, role):
    headers = {"Authorization": f"Bearer {programs[role]}"}
    wrong = {}
    for method, path, asked in GUARDED:
        status = call(client, method, filled(path), headers).status_code
        may = asked <= ALLOWED[role]
        if (status == 403) == may or status == 401 or status >= 500:
            wrong[method, path] = status
    assert wrong == {}


def test_every_change_with_a_cookie_needs_the_csrf_token(everything):
    browser, csrf = everything
    changes = [(method, path) for method, path, _ in GUARDED if method in UNSAFE]
    assert len(changes) > 15
    for method, path in changes:
        assert call(browser, method, filled(path)).status_code == 403, (method, path)
        forged = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}
        assert call(browser, method, filled(path), forged).status_code == 403, (method, path)
        if not path.endswith("/logout"):
            assert call(browser, method, filled(path), {"X-CSRF-Token": csrf}).status_code not in (401, 403)


CLIMBING = (
    "../../secret.txt",
    "..%2f..%2fsecret.txt",
    "..%5c..%5csecret.txt",
    "%2e%2e%2f%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "....//....//secret.txt",
    "%2fetc%2fpasswd",
    "..%00secret.txt",
    "secret.txt%00.png",
    "x" * 3000,
    "%c0%ae%c0%ae%2fsecret.txt",
    "'%20OR%201=1%20--",
)


@pytest.mark.parametrize("climb", CLIMBING, ids=lambda climb: climb[:30])
def test_no_address_climbs_out_of_the_house(everything, climb):
    browser, csrf = everything
    for method, path, _ in ROUTES:
        if "{" in path:
            answer = call(browser, method, filled(path, climb), {"X-CSRF-Token": csrf})
            assert 400 <= answer.status_code < 500 or answer.status_code == 200, (method, path, answer.status_code)
            assert SECRET not in answer.text
            assert "root:" not in answer.text
