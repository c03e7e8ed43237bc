"""Logging in at an identity provider that runs here: what it vouches for is believed, what it can't prove is not."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from wetread.domain.people import Role
from wetread.errors import ConfigurationError
from wetread.server.oidc_provider import Provider
from wetread.settings.service import OidcSettings
from wetread.store.people import add_user, change_user, find_user, users_of

from .conftest import House
from .identity_provider import CLIENT, SECRET, IdentityProvider

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
ROLES = {"radiology": "radiologist", "it": "admin"}


@pytest.fixture
def provider(clock):
    made = IdentityProvider(clock)
    yield made
    made.close()


@pytest.fixture
def house(database, clock, tmp_path, provider, quick_hashes, monkeypatch):
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    oidc = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret_env": "OIDC_SECRET", "roles": ROLES}
    return House(database, clock, tmp_path, oidc=oidc)


def begin(browser, **query):
    """Press "log in"; where the browser is sent."""
    answer = browser.get("/api/v1/oidc/start", params=query, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def at_provider(where):
    """Log in at the provider; where it sends the browser back to."""
    back = urlsplit(httpx2.get(where).headers["location"])
    return f"{back.path}?{back.query}"


def go_through(browser, **query):
    return browser.get(at_provider(begin(browser, **query)), follow_redirects=False)


def test_a_person_comes_in_with_the_roles_of_the_groups(house):
    browser = house.browser("https://reads.example")
    answer = go_through(browser)
    assert answer.status_code == 200
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert browser.get("/worklist/x").text == '"fay"'
    assert browser.get("/audit_view/x").status_code == 403
    user = find_user(house.database, "fay")
    assert (user.name, user.roles, user.foreign) == ("Fay F.", {Role.RADIOLOGIST}, True)
    assert [line.data for line in house.told(action="login")] == [{"way": "oidc"}]


def test_the_login_page_knows_the_way(house):
    told = house.browser().get("/api/v1/login").json()
    assert told == {"password": True, "oidc": "/api/v1/oidc/start", "logged_in": False}


def test_the_state_cookie_survives_the_way_back_and_is_used_once(house):
    browser = house.browser("https://reads.example")
    answer = browser.get("/api/v1/oidc/start", follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-wetread-login=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Max-Age=600"} <= set(cookie.split("; "))
    back = at_provider(answer.headers["location"])
    assert browser.get(back).status_code == 200
    assert browser.get(back).status_code == 403


@pytest.mark.parametrize(
    ("onward", "goes"),
    [
        ("/study/abc?x=1", "/study/abc?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ('/"><script>', "/&quot;&gt;&lt;script&gt;"),
    ],
)
def test_after_the_login_the_browser_stays_in_the_house(house, onward, goes):
    answer = go_through(house.browser(), next=onward)
    assert f'content="0;url={goes}"' in answer.text


def test_without_a_known_group_nobody_comes_in_and_is_told_why(house, provider):
    provider.person["groups"] = ["cardiology", 7, None]
    browser = house.browser()
    answer = go_through(browser)
    assert answer.status_code == 403
    assert "none of your groups" in answer.text
    assert browser.get("/worklist/x").status_code == 401
    assert users_of(house.database) == []
    assert house.told()[0].action == "login_refused"


def test_a_deactivated_person_is_kept_out(house):
    go_through(house.browser())
    change_user(house.database, find_user(house.database, "fay").user_id, active=False)
    assert "deactivated" in go_through(house.browser()).text


def test_a_group_that_was_taken_away_is_gone_at_the_next_login(house, provider):
    browser = house.browser()
    provider.person["groups"] = ["radiology", "it"]
    go_through(browser)
    provider.person["groups"] = ["it"]
    go_through(house.browser())
    assert browser.get("/worklist/x").status_code == 401, "the session with the old roles ended"
    assert find_user(house.database, "fay").roles == {Role.ADMIN}


def test_a_local_account_of_the_same_login_is_not_taken_over(house, clock):
    local = add_user(house.database, login="fay", roles=[Role.AUDITOR], password="a long password", now=clock.now())
    browser = house.browser()
    go_through(browser)
    assert browser.get("/audit_view/x").status_code == 403
    assert find_user(house.database, "fay") == local


def test_groups_may_stand_at_the_userinfo_endpoint(house, provider):
    del provider.person["groups"]
    provider.userinfo = {"sub": "s1", "groups": ["radiology"]}
    assert go_through(house.browser()).status_code == 200


def test_userinfo_about_somebody_else_is_not_believed(house, provider):
    del provider.person["groups"]
    provider.userinfo = {"sub": "s2", "groups": ["radiology"]}
    assert go_through(house.browser()).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": ["wetread", "another"], "azp": "another"},
        {"nonce": "replayed"},
        {"nonce": None},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"at_hash": "x"},
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong_is_refused(house, provider, lie):
    provider.cheat = lambda claims: {key: value for key, value in {**claims, **lie}.items() if value is not None}
    browser = house.browser()
    answer = go_through(browser)
    assert answer.status_code == 403
    assert "token is not good" in answer.text
    assert browser.get("/worklist/x").status_code == 401


@pytest.mark.parametrize(
    "way", ["sign_unsigned", "sign_with_the_public_key_as_a_password", "sign_with_a_key_of_the_same_name"]
)
def test_a_token_that_the_provider_did_not_sign_is_refused(house, provider, way):
    provider.sign = getattr(provider, way)
    assert "token is not good" in go_through(house.browser()).text


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", None])
def test_what_is_no_token_is_refused(house, provider, token):
    provider.sign = lambda _: token
    assert go_through(house.browser()).status_code == 403


def test_new_keys_of_the_provider_are_fetched_but_not_for_every_unknown_one(house, provider, clock):
    go_through(house.browser())
    provider.key = provider.new_key()
    provider.published = [provider.key]
    clock.turn(minutes=2)
    assert go_through(house.browser()).status_code == 200
    provider.key = provider.new_key()  # signs, but is not published
    fetched = provider.asked.count("/realm/jwks_uri")
    for _ in range(3):
        assert go_through(house.browser()).status_code == 403
    assert provider.asked.count("/realm/jwks_uri") == fetched


def test_a_secret_in_the_form_works_where_the_provider_wants_it_there(house, provider):
    provider.methods = ["client_secret_post"]
    assert go_through(house.browser()).status_code == 200


def test_a_wrong_client_secret_is_told_without_the_secret(house, monkeypatch):
    monkeypatch.setenv("OIDC_SECRET", "wrong")
    answer = go_through(house.browser())
    assert answer.status_code == 403
    assert "wrong" not in answer.text


def test_a_login_that_another_browser_began_is_refused(house):
    attackers, victim = house.browser(), house.browser()
    back = at_provider(begin(attackers))
    assert victim.get(back).status_code == 403
    begin(victim)
    assert victim.get(back).status_code == 403, "its own login under way is another one"
    assert victim.get("/worklist/x").status_code == 401


def test_a_code_without_its_verifier_is_worthless(house):
    browser, thief = house.browser(), house.browser()
    stolen = parse_qs(urlsplit(at_provider(begin(browser))).query)["code"][0]
    own = parse_qs(urlsplit(begin(thief)).query)["state"][0]
    answer = thief.get("/api/v1/oidc/callback", params={"code": stolen, "state": own})
    assert answer.status_code == 403
    assert "did not accept" in answer.text


def test_an_answer_of_another_provider_is_refused(house):
    browser = house.browser()
    back = at_provider(begin(browser))
    where = urlsplit(back)
    query = {key: values[0] for key, values in parse_qs(where.query).items()}
    answer = browser.get(where.path, params={**query, "iss": "https://evil.example"})
    assert "another identity provider" in answer.text


def test_a_refusal_at_the_provider_is_shown_without_its_words(house):
    browser = house.browser()
    state = parse_qs(urlsplit(begin(browser)).query)["state"][0]
    answer = browser.get(
        "/api/v1/oidc/callback", params={"state": state, "error": "<script>", "error_description": "x"}
    )
    assert answer.status_code == 403
    assert "<script>" not in answer.text


@pytest.mark.parametrize("cookie", ["", "x", "e30=", "W10=", "eyJzdGF0ZSI6IDF9", "é"])
def test_a_cookie_that_is_not_ours_is_refused(house, cookie):
    headers = {"Cookie": f"wetread-login={cookie}".encode("latin-1")}
    assert house.browser().get("/api/v1/oidc/callback?code=x&state=y", headers=headers).status_code == 403


def test_a_provider_that_does_not_answer_is_told_and_the_password_still_works(house, provider):
    provider.broken = True
    answer = house.browser().get("/api/v1/oidc/start", follow_redirects=False)
    assert answer.status_code == 502
    assert "does not work" in answer.text
    house.person("ann", Role.RADIOLOGIST)
    assert house.logged_in("ann").get("/worklist/x").status_code == 200


def test_a_provider_that_calls_itself_otherwise_is_not_used(house, provider):
    provider.claimed_issuer = "https://evil.example"
    assert house.browser().get("/api/v1/oidc/start", follow_redirects=False).status_code == 502


def test_where_no_provider_is_set_up_there_is_none(database, clock, tmp_path, quick_hashes):
    house = House(database, clock, tmp_path)
    assert house.browser().get("/api/v1/login").json()["oidc"] is None
    assert house.browser().get("/api/v1/oidc/start").status_code == 404
    assert house.browser().get("/api/v1/oidc/callback").status_code == 404


@pytest.mark.parametrize(
    "settings",
    [
        {"issuer": "http://id.example"},
        {"issuer": "file:///etc"},
        {"algorithms": ["none"]},
        {"algorithms": ["RS256", "HS256"]},
        {"roles": {"it": "king"}},
    ],
    ids=str,
)
def test_settings_that_would_be_unsafe_are_refused(settings, database_kind):
    with pytest.raises(ConfigurationError):
        Provider(OidcSettings(**{"issuer": "https://id.example", "client_id": "x", **settings}))


@pytest.mark.parametrize(
    "told", [{"realm_access": {"roles": ["radiology"]}}, {"realm_access.roles": "radiology"}], ids=str
)
def test_a_claim_may_lie_deeper_and_be_a_single_word(database, clock, tmp_path, provider, quick_hashes, told):
    oidc = {"issuer": provider.issuer, "client_id": CLIENT, "roles": ROLES, "roles_claim": "realm_access.roles"}
    house = House(database, clock, tmp_path, oidc=oidc)
    provider.methods, provider.person = ["none"], {"sub": "s1", **told}
    assert go_through(house.browser()).status_code == 200


def test_behind_a_tls_proxy_the_browser_comes_back_to_the_public_address(
    database, clock, tmp_path, provider, quick_hashes
):
    oidc = {"issuer": provider.issuer, "client_id": CLIENT, "roles": ROLES}
    house = House(database, clock, tmp_path, oidc=oidc, public_url="https://reads.example")
    answer = house.browser().get("/api/v1/oidc/start", follow_redirects=False)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == ["https://reads.example/api/v1/oidc/callback"]
    assert answer.headers["set-cookie"].startswith("__Host-wetread-login=")
    assert "Secure" in answer.headers["set-cookie"]


def test_settings_that_can_not_work_are_told_as_a_page(database, clock, tmp_path, quick_hashes):
    house = House(database, clock, tmp_path, oidc={"issuer": "http://id.example", "client_id": "x"})
    for path in ("start", "callback"):
        answer = house.browser().get(f"/api/v1/oidc/{path}", follow_redirects=False)
        assert answer.status_code == 502
        assert "https" in answer.text
