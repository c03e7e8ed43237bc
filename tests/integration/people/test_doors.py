"""The doors: who is let in, who is not, and what the audit keeps of it."""

import pytest

from wetread.domain.people import ALLOWED, Permission, Role
from wetread.server.access import permissions_of
from wetread.store.audit import verify

pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True),
]
WRONG = "a wrong password!"


def try_login(browser, login, password):
    return browser.post("/api/v1/login", json={"login": login, "password": password})


@pytest.mark.parametrize("permission", list(Permission))
def test_without_credentials_every_door_is_shut(house, permission):
    answer = house.browser().get(f"/{permission}/x")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_each_role_opens_exactly_its_own_doors(house):
    for role in Role:
        program = house.program(role)
        opened = {p for p in Permission if program.get(f"/{p}/x").status_code == 200}
        shut = {p for p in Permission if program.get(f"/{p}/x").status_code == 403}
        assert opened == ALLOWED[role]
        assert shut == set(Permission) - ALLOWED[role]


def test_several_roles_open_the_doors_of_each(house):
    house.person("ann", Role.RADIOLOGIST, Role.AUDITOR)
    ann = house.logged_in("ann")
    opened = {p for p in Permission if ann.get(f"/{p}/x").status_code == 200}
    assert opened == ALLOWED[Role.RADIOLOGIST] | ALLOWED[Role.AUDITOR]


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wr_", "Bearer wr_" + "x" * 43, "Basic YTpi", "wr_" + "x" * 43, "Bearer \xe9" * 9],
)
def test_what_is_no_token_opens_nothing_even_beside_a_good_cookie(house, authorization):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    answer = ann.get("/worklist/x", headers=[(b"authorization", authorization.encode("latin-1"))])
    assert answer.status_code == 401


def test_a_token_in_the_address_is_not_looked_at(house):
    token = house.token(Role.SERVICE)
    for name in ("token", "access_token", "authorization", "api_key"):
        assert house.browser().get(f"/worklist/x?{name}={token}").status_code == 401
    assert house.browser().get("/worklist/x", headers={"Cookie": f"wetread={token}"}).status_code == 401


def test_a_refusal_is_written_down_with_route_role_and_address_but_not_the_path(house):
    house.program(Role.SERVICE).get("/audit_view/1.2.840.113")
    line = house.told(action="access_refused")[0]
    assert (line.outcome, line.roles) == ("refused", ("service",))
    assert line.object == "route/audit_view/{anything}"
    assert "1.2.840" not in str(line)


def test_bad_tokens_are_written_down_once_a_minute_for_each_address(house):
    stranger = house.browser()
    stranger.headers["Authorization"] = "Bearer wr_nonsense"
    for _ in range(5):
        stranger.get("/worklist/x")
    assert len(house.told()) == 1
    house.clock.turn(minutes=1)
    stranger.get("/worklist/x")
    assert len(house.told()) == 2


def test_who_only_looks_without_credentials_leaves_no_line(house):
    house.browser().get("/worklist/x")
    assert house.told() == []


def test_where_the_audit_can_not_be_written_nobody_comes_in(house):
    from sqlalchemy import text

    house.person("ann", Role.RADIOLOGIST)
    with house.database.write() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO gone"))
    answer = try_login(house.browser(), "ann", "ann's long password")
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


def test_a_login_gives_a_cookie_that_scripts_and_other_sites_can_not_use(house):
    house.person("ann", Role.RADIOLOGIST)
    answer = try_login(house.browser("http://reads.example"), "ann", "ann's long password")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-wetread=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_on_a_loopback_host_the_cookie_works_without_https(house):
    house.person("ann", Role.RADIOLOGIST)
    for base in ("http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"):
        cookie = try_login(house.browser(base), "ann", "ann's long password").headers["set-cookie"]
        assert cookie.startswith("wetread=")
        assert "Secure" not in cookie
    assert "Secure" in try_login(house.browser("https://localhost"), "ann", "ann's long password").headers["set-cookie"]


def test_a_host_that_only_looks_like_loopback_is_not(house):
    house.person("ann", Role.RADIOLOGIST)
    for base in ("http://localhost.evil.example", "http://127.0.0.1.evil.example"):
        assert "Secure" in try_login(house.browser(base), "ann", "ann's long password").headers["set-cookie"]


def test_where_cookies_are_for_https_one_set_by_a_neighbour_is_not_read(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann", "https://reads.example")
    assert ann.get("/worklist/x").status_code == 200
    planted = ann.cookies.get("__Host-wetread")
    neighbour = house.browser("https://reads.example")
    assert neighbour.get("/worklist/x", headers={"Cookie": f"wetread={planted}"}).status_code == 401


def test_a_wrong_login_a_wrong_password_and_a_locked_account_are_told_the_same(house):
    house.person("ann", Role.RADIOLOGIST)
    browser = house.browser()
    answers = [try_login(browser, "nobody", WRONG)] + [try_login(browser, "ann", WRONG) for _ in range(3)]
    answers.append(try_login(browser, "ann", "ann's long password"))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_after_the_lock_the_right_password_lets_in(house):
    house.person("ann", Role.RADIOLOGIST)
    for _ in range(3):
        try_login(house.browser(), "ann", WRONG)
    house.clock.turn(seconds=60)
    assert try_login(house.browser(), "ann", "ann's long password").status_code == 200


def test_a_refused_login_is_written_down_without_what_was_typed(house):
    house.person("ann", Role.RADIOLOGIST)
    try_login(house.browser(), "ann", WRONG)
    try_login(house.browser(), "my secret password", WRONG)
    unknown, known = house.told(action="login_refused")
    assert known.object == "user/ann"
    assert "secret" not in str(unknown)
    assert WRONG not in str((known, unknown))


def test_many_tries_from_one_address_are_slowed_down(house):
    browser = house.browser()
    answers = [try_login(browser, "nobody", WRONG).status_code for _ in range(12)]
    assert answers == [401] * 10 + [429] * 2
    assert try_login(browser, "somebody", WRONG).status_code == 401, "another login is not held up"
    house.clock.turn(minutes=1)
    assert try_login(browser, "nobody", WRONG).status_code == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"login": 1}', b'{"login": "a", "password": "\\ud800\\ud800\\ud800\\ud800"}',
     b'{"login": "a\\u0000", "password": "x"}', b'{"login": "' + b"x" * 101 + b'", "password": ""}',
     b'{"login": "a", "password": "' + b"x" * 2000 + b'"}', b"\xff\xfe"],
)  # fmt: skip
def test_a_malformed_login_is_refused_without_harm(house, body):
    answer = house.browser().post("/api/v1/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (401, 422)
    assert "set-cookie" not in answer.headers


def test_a_form_of_another_site_can_not_log_anybody_in(house):
    house.person("ann", Role.RADIOLOGIST)
    body = b'{"login": "ann", "password": "ann\'s long password"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = house.browser().post("/api/v1/login", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422
    foreign = {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}
    assert house.browser().post("/api/v1/login", content=body, headers=foreign).status_code == 403


# --- forged requests (CSRF)


def test_a_change_with_the_cookie_alone_is_refused_and_with_the_token_done(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    csrf = ann.headers.pop("X-CSRF-Token")
    assert ann.get("/worklist/x").status_code == 200, "looking needs none"
    refused = ann.post("/worklist/x")
    assert refused.status_code == 403
    assert house.told()[0].action == "access_refused"
    assert ann.post("/worklist/x", headers={"X-CSRF-Token": csrf}).status_code == 200


def test_another_sessions_csrf_token_is_refused(house):
    house.person("ann", Role.RADIOLOGIST)
    house.person("eve", Role.RADIOLOGIST)
    ann, eve = house.logged_in("ann"), house.logged_in("eve")
    for wrong in (eve.headers["X-CSRF-Token"], "", "x", ann.cookies.get("wetread")):
        assert ann.post("/worklist/x", headers={"X-CSRF-Token": wrong}).status_code == 403


def test_a_request_that_the_browser_says_comes_from_another_site_is_refused(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    assert ann.post("/worklist/x", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ann.post("/worklist/x", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_program_with_a_token_needs_no_csrf_token(house):
    assert house.program(Role.SERVICE).post("/worklist/x").status_code == 200


def test_the_session_tells_its_csrf_token_again_to_its_own_pages_only(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    told = ann.get("/api/v1/session")
    assert told.json()["csrf"] == ann.headers["X-CSRF-Token"]
    assert told.headers["Cache-Control"] == "no-store"
    assert "access-control-allow-origin" not in told.headers
    assert house.program(Role.RADIOLOGIST).get("/api/v1/session").json()["csrf"] is None


# --- session fixation


def test_a_cookie_that_was_planted_before_the_login_is_not_the_session(house):
    house.person("ann", Role.RADIOLOGIST)
    browser = house.browser()
    browser.cookies.set("wetread", "planted-by-somebody-else")
    answer = try_login(browser, "ann", "ann's long password")
    assert "planted" not in answer.headers["set-cookie"]
    assert house.browser().get("/worklist/x", headers={"Cookie": "wetread=planted-by-somebody-else"}).status_code == 401


def test_the_session_that_the_browser_brought_ends_at_the_login(house):
    house.person("ann", Role.RADIOLOGIST)
    house.person("eve", Role.RADIOLOGIST)
    eves = house.logged_in("eve").cookies.get("wetread")
    victim = house.browser()
    victim.cookies.set("wetread", eves)
    try_login(victim, "ann", "ann's long password")
    assert house.browser().get("/worklist/x", headers={"Cookie": f"wetread={eves}"}).status_code == 401


def test_each_login_is_a_new_session(house):
    house.person("ann", Role.RADIOLOGIST)
    first, second = house.logged_in("ann"), house.logged_in("ann")
    assert first.cookies.get("wetread") != second.cookies.get("wetread")
    assert first.get("/worklist/x").status_code == second.get("/worklist/x").status_code == 200


def test_logging_out_ends_the_session_not_only_the_cookie(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    secret = ann.cookies.get("wetread")
    assert ann.post("/api/v1/logout").status_code == 204
    assert ann.cookies.get("wetread") is None
    assert house.browser().get("/worklist/x", headers={"Cookie": f"wetread={secret}"}).status_code == 401
    assert house.told()[0].action == "logout"


def test_a_silent_session_must_log_in_again(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    house.clock.turn(minutes=30)
    assert ann.get("/worklist/x").status_code == 401


# --- one's own password


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(house):
    house.person("ann", Role.RADIOLOGIST)
    here, there = house.logged_in("ann"), house.logged_in("ann")
    before = here.cookies.get("wetread")
    change = {"present": "ann's long password", "new": "ann's other long password"}
    answer = here.put("/api/v1/me/password", json=change)
    assert answer.status_code == 200
    assert here.cookies.get("wetread") != before
    assert here.get("/worklist/x").status_code == 200
    assert there.get("/worklist/x").status_code == 401
    assert try_login(house.browser(), "ann", "ann's long password").status_code == 401
    assert try_login(house.browser(), "ann", "ann's other long password").status_code == 200
    assert "long" not in str(house.told(action="password_change"))


def test_a_new_password_needs_the_present_one_and_tries_are_counted(house):
    house.person("ann", Role.RADIOLOGIST)
    ann = house.logged_in("ann")
    for _ in range(3):
        assert ann.put("/api/v1/me/password", json={"present": WRONG, "new": WRONG}).status_code == 409
    change = {"present": "ann's long password", "new": "ann's other long password"}
    assert ann.put("/api/v1/me/password", json=change).status_code == 409, "locked by the wrong ones"


def test_a_short_new_password_is_refused(house):
    house.person("ann", Role.RADIOLOGIST)
    change = {"present": "ann's long password", "new": "short"}
    assert house.logged_in("ann").put("/api/v1/me/password", json=change).status_code == 422


# --- administration


def test_an_administrator_makes_changes_and_shuts_out_people(house):
    house.person("root", Role.ADMIN)
    root = house.logged_in("root")
    new = {"login": "Bob", "name": "Bob B.", "roles": ["technologist"], "password": "bob's long password"}
    made = root.post("/api/v1/users", json=new)
    assert made.status_code == 201
    assert made.json()["login"] == "bob"
    assert "password" not in made.text
    bob = house.logged_in("bob")
    user_id = made.json()["user_id"]
    assert root.patch(f"/api/v1/users/{user_id}", json={"roles": ["auditor"]}).json()["roles"] == ["auditor"]
    assert bob.get("/worklist/x").status_code == 401, "new roles need a new login"
    assert root.patch(f"/api/v1/users/{user_id}", json={"active": False}).json()["active"] is False
    assert try_login(house.browser(), "bob", "bob's long password").status_code == 401
    assert [line.action for line in house.told(object="user/bob")] == [
        "login_refused", "user_change", "user_change", "login", "user_create",
    ]  # fmt: skip
    assert "bob's" not in str(house.told())
    assert {user["login"] for user in root.get("/api/v1/users").json()["users"]} == {"root", "bob"}


def test_an_administrator_logs_somebody_out_everywhere(house):
    house.person("root", Role.ADMIN)
    ann = house.person("ann", Role.RADIOLOGIST)
    there = house.logged_in("ann")
    root = house.logged_in("root")
    assert root.delete(f"/api/v1/users/{ann.user_id}/sessions").json() == {"sessions": 1}
    assert there.get("/worklist/x").status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"roles": ["king"]}, 422),
        ({"roles": []}, 422),
        ({"password": "short"}, 422),
        ({"active": False}, 409),
        ({}, 200),
    ],
)
def test_what_can_not_be_changed_is_refused(house, change, status):
    root = house.person("root", Role.ADMIN)
    assert house.logged_in("root").patch(f"/api/v1/users/{root.user_id}", json=change).status_code == status


def test_a_taken_login_and_an_unknown_user_are_told(house):
    house.person("root", Role.ADMIN)
    root = house.logged_in("root")
    new = {"login": "root", "roles": ["admin"], "password": "another long password"}
    assert root.post("/api/v1/users", json=new).status_code == 409
    assert root.patch("/api/v1/users/nobody", json={"active": False}).status_code == 404
    assert root.delete("/api/v1/users/nobody/sessions").status_code == 404
    assert root.delete("/api/v1/tokens/nothing").status_code == 404


def test_a_token_is_shown_once_and_can_be_revoked(house):
    house.person("root", Role.ADMIN)
    root = house.logged_in("root")
    made = root.post("/api/v1/tokens", json={"role": "service", "label": "PACS", "days": 30}).json()
    program = house.browser()
    program.headers["Authorization"] = f"Bearer {made['token']}"
    assert program.get("/worklist/x").text == '"token:PACS"'
    listed = root.get("/api/v1/tokens")
    assert made["token"] not in listed.text
    assert listed.json()["tokens"][0]["created_by"] == "root"
    assert root.delete(f"/api/v1/tokens/{made['token_id']}").json()["revoked_at"]
    assert program.get("/worklist/x").status_code == 401
    assert made["token"] not in str(house.told())
    assert [line.action for line in house.told(object=f"token/{made['token_id']}")] == ["token_revoke", "token_create"]


# --- the audit for auditors


def test_an_auditor_reads_the_audit_in_pages_and_is_in_it(house):
    for _ in range(5):
        house.program(Role.SERVICE).get("/audit_view/x")
    auditor = house.program(Role.AUDITOR)
    first = auditor.get("/api/v1/audit?limit=4&action=access_refused").json()
    rest = auditor.get(f"/api/v1/audit?action=access_refused&before={first['next']}").json()
    assert [row["seq"] for row in first["rows"] + rest["rows"]] == [5, 4, 3, 2, 1]
    assert rest["next"] is None
    assert house.told()[0].action == "audit_view"


def test_an_auditor_exports_the_audit_in_each_form(house):
    house.program(Role.SERVICE).get("/audit_view/x")
    auditor = house.program(Role.AUDITOR)
    for how, word in (("jsonl", '"hash"'), ("fhir", '"AuditEvent"'), ("atna", "<AuditMessage>")):
        answer = auditor.get(f"/api/v1/audit/export?format={how}")
        assert answer.status_code == 200
        assert word in answer.text
        assert answer.headers["content-disposition"].startswith("attachment")
    assert auditor.get("/api/v1/audit/export?format=exe").status_code == 422
    assert auditor.get("/api/v1/audit?since=2026-11-21T09:00:00").status_code == 422, "a moment needs its zone"
    assert auditor.get("/api/v1/audit/export?since=2026-11-21T09:00:01Z").text == ""


def test_an_auditor_sees_whether_the_chain_holds(house):
    auditor = house.program(Role.AUDITOR)
    verdict = auditor.get("/api/v1/audit/verdict").json()
    assert verdict["whole"]
    assert str(verify(house.database).head) == verdict["head"]
    later = auditor.get("/api/v1/audit/verdict", params={"expect": f"99:{'a' * 64}"}).json()
    assert not later["whole"]
    assert auditor.get("/api/v1/audit/verdict?expect=x").status_code == 400


@pytest.mark.parametrize("word", ["%00", "%ED%A0%80", "' OR 1=1 --", "x" * 501])
def test_odd_searches_do_no_harm(house, word):
    answer = house.program(Role.AUDITOR).get(f"/api/v1/audit?actor={word}")
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert answer.json()["rows"] == []


def test_every_route_about_people_but_the_logins_asks_for_a_permission(house):
    from fastapi.routing import iter_route_contexts

    from wetread.server.people import router

    routes = list(iter_route_contexts(router.routes))
    assert len(routes) > 15
    assert {(one.path, *one.methods) for one in routes if not permissions_of(one.original_route)} == {
        ("/login", "GET"),
        ("/login", "POST"),
        ("/oidc/start", "GET"),
        ("/oidc/callback", "GET"),
    }


def test_a_stranger_is_refused_before_the_body_is_looked_at(house):
    for path in ("users", "tokens", "logout"):
        answer = house.browser().post(f"/api/v1/{path}", content=b"{", headers={"Content-Type": "application/json"})
        assert answer.status_code == 401


def test_the_chain_holds_after_all_of_it(house):
    house.person("root", Role.ADMIN)
    root = house.logged_in("root")
    root.get("/api/v1/users")
    root.get("/audit_view/x")
    try_login(house.browser(), "root", WRONG)
    assert verify(house.database).whole
    assert verify(house.database).lines == 4
