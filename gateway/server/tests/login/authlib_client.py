"""A shop with PyPI `authlib`, in Flask, told what to do on its standard input, a line each."""

import base64
import hashlib
import hmac
import json
import sys
from urllib.parse import urlsplit

import requests
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, jsonify

issuer, client_id, secret, alg, auth, redirect_uri = sys.argv[1:]
method = f"client_secret_{auth}"
app = Flask(__name__)
app.secret_key = "of a test"
oauth = OAuth(app)
oauth.register(
    "purser",
    client_id=client_id,
    client_secret=secret,
    server_metadata_url=f"{issuer}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email offline_access",
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": method,
    },
)
client = oauth.purser
metadata = client.load_server_metadata()
own = OAuth2Session(client_id, secret, token_endpoint_auth_method=method)
browser = app.test_client()
parameters = {}
forged = None


@app.get("/login")
def login():
    return client.authorize_redirect(**{"redirect_uri": redirect_uri, **parameters})


@app.get("/callback")
def callback():
    return jsonify(client.authorize_access_token())


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text):
    return json.loads(base64.urlsafe_b64decode(text + "=="))


def forge(response, *arguments, **keywords):
    """The token response with an ID token that somebody else has made."""
    if forged is None or not response.url.endswith("/oauth/token"):
        return response
    tokens = response.json()
    header, payload, signature = tokens["id_token"].split(".")
    named = decoded(header)
    with_alg = lambda alg: encoded(json.dumps({**named, "alg": alg}).encode()) + "." + payload
    if forged == "none":
        tokens["id_token"] = with_alg("none") + "."
    elif forged == "hs256":
        keys = requests.get(metadata["jwks_uri"]).json()["keys"]
        key = json.dumps(next(key for key in keys if key["kid"] == named["kid"])).encode()
        signed = with_alg("HS256")
        tag = hmac.new(key, signed.encode(), hashlib.sha256).digest()
        tokens["id_token"] = f"{signed}.{encoded(tag)}"
    else:
        claims = encoded(json.dumps({**decoded(payload), "sub": "somebody else"}).encode())
        tokens["id_token"] = f"{header}.{claims}.{signature}"
    response._content = json.dumps(tokens).encode()
    return response


client.client_kwargs["hooks"] = {"response": forge}


def start(given):
    global parameters
    parameters = given.get("parameters", {})
    with browser.session_transaction() as session:
        session.clear()
    location = browser.get("/login").headers["Location"]
    with browser.session_transaction() as session:
        key = next(key for key in session if key.startswith("_state_purser_"))
        data = session[key]["data"]
        state = key.removeprefix("_state_purser_")
        return {"url": location, "verifier": data["code_verifier"], "nonce": data["nonce"], "state": state}


def finish(given):
    global forged
    forged = given.get("forged")
    with browser.session_transaction() as session:
        for key in [key for key in session if key.startswith("_state_purser_")]:
            del session[key]
        data = {"redirect_uri": redirect_uri, "code_verifier": given["verifier"], "nonce": given["nonce"]}
        session["_state_purser_" + given["state"]] = {"data": data, "exp": 4102444800}
    app.testing = True
    callback = urlsplit(given["url"])
    tokens = browser.get(f"/callback?{callback.query}").get_json()
    return {"tokens": tokens, "claims": tokens["userinfo"]}


def refresh(given):
    tokens = own.refresh_token(metadata["token_endpoint"], refresh_token=given["token"])
    return {"tokens": tokens, "claims": client.parse_id_token(tokens, nonce=None)}


def userinfo(given):
    return client.userinfo(token={"access_token": given["token"], "token_type": "Bearer"})


def revoke(given):
    own.revoke_token(metadata["revocation_endpoint"], given["token"]).raise_for_status()
    return {}


def logout(given):
    return client.create_logout_url(given["after"], given["token"])


deeds = {name: globals()[name] for name in ["start", "finish", "refresh", "userinfo", "revoke", "logout"]}
for line in sys.stdin:
    given = json.loads(line)
    try:
        with app.test_request_context():
            answer = deeds[given.pop("deed")](given)
    except Exception as error:
        answer = {"error": getattr(error, "error", None) or type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
