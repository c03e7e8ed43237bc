"""A small identity provider for tests: it speaks OpenID Connect by the book on loopback, and can be told to cheat."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "wetread", "s3cret/with+odd chars"


def part(told):
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


@cache
def first_key():
    return IdentityProvider.new_key()


class IdentityProvider:
    """`person` is who logs in; `cheat` changes the ID token's claims before they are signed."""

    def __init__(self, clock):
        self.clock = clock
        self.key = first_key()
        self.published = [self.key]
        self.person = {"sub": "s1", "preferred_username": "fay", "name": "Fay F.", "groups": ["radiology"]}
        self.userinfo = {}
        self.cheat = lambda claims: claims
        self.sign = self.sign_rs256
        self.broken = False
        self.codes = {}
        self.asked = []
        self.methods = ["client_secret_basic"]
        self.claimed_issuer = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/realm"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @staticmethod
    def new_key():
        return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})

    def sign_rs256(self, claims):
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def sign_unsigned(self, claims):
        return f"{part({'alg': 'none', 'kid': self.key.kid})}.{part(claims)}."

    def sign_with_the_public_key_as_a_password(self, claims):
        signed = f"{part({'alg': 'HS256', 'kid': self.key.kid})}.{part(claims)}"
        seal = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"

    def sign_with_a_key_of_the_same_name(self, claims):
        other = RSAKey.generate_key(2048, {"kid": self.key.kid})
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, other)

    def metadata(self):
        about = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        about |= {"userinfo_endpoint": f"{self.issuer}/userinfo", "issuer": self.claimed_issuer or self.issuer}
        return {**about, "token_endpoint_auth_methods_supported": self.methods}

    def authorize(self, query):
        """The person logs in and the browser is sent back with a code."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def token(self, form, authorization):
        if not self.knows_client(form, authorization):
            return 401, {"error": "invalid_client"}
        query = self.codes.pop(form.get("code"), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if query is None or query["code_challenge"] != challenge or query["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        access = secrets.token_urlsafe(8)
        return 200, {"access_token": access, "id_token": self.sign(self.cheat({**claims, **self.person}))}

    def knows_client(self, form, authorization):
        if self.methods == ["none"]:
            return (form.get("client_id"), form.get("client_secret"), authorization) == (CLIENT, None, "")
        if self.methods == ["client_secret_post"]:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        told = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        return [parse_qs(f"x={part}")["x"][0] for part in told] == [CLIENT, SECRET]

    def handler(self):
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                where = urlsplit(self.path)
                house.asked.append(where.path)
                query = {key: values[0] for key, values in parse_qs(where.query).items()}
                name = where.path.removeprefix("/realm/")
                if house.broken:
                    self.tell(503, {})
                elif name == ".well-known/openid-configuration":
                    self.tell(200, house.metadata())
                elif name == "jwks_uri":
                    self.tell(200, {"keys": [key.as_dict(private=False) for key in house.published]})
                elif name == "userinfo":
                    self.tell(200, house.userinfo)
                elif name == "authorization_endpoint":
                    self.send_response(302)
                    self.send_header("Location", house.authorize(query))
                    self.end_headers()

            def do_POST(self):
                house.asked.append(self.path)
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                told = {key: values[0] for key, values in form.items()}
                self.tell(*house.token(told, self.headers.get("Authorization", "")))

            def tell(self, status, told):
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
