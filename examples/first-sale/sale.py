"""A shop that signs its prices, sells a notebook, and hears of it. Runs against an empty sandbox."""

import calendar
import json
import os
import time
import urllib.request
import uuid
from pathlib import Path

import jwt

gateway = os.environ.get("PURSER_URL", "http://127.0.0.1:8080")
operator = Path(os.environ.get("PURSER_OPERATOR_KEY_FILE", "purser-data/operator.key")).read_text().strip()


def ask(method, path, bearer=None, body=None, intent=None):
    """Calls the gateway. `intent` is the Idempotency-Key: new for each intent, the same for each retry of it."""
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    if intent:
        headers["Idempotency-Key"] = intent
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(gateway + path, data, headers, method=method)
    return urllib.request.urlopen(request, timeout=30)


def get(path, bearer=None):
    return json.load(ask("GET", path, bearer))


def post(path, bearer, body, intent=None):
    return json.load(ask("POST", path, bearer, body, intent))


def new_intent():
    return str(uuid.uuid4())


def next_event(stream):
    """The next event of a stream of server-sent events."""
    for line in stream:
        if line.startswith(b"data:"):
            return json.loads(line.removeprefix(b"data:"))
    raise SystemExit("the gateway ended the stream")


# The operator signs the shop up, and sells a card of EUR 50.00.
shop = post("/v1/merchants", operator, {"name": "Paper & Co", "country": "DE", "fee_percent": "1"})
merchant_id, api_key = shop["id"], shop["secret_key"]
kid, offer_secret = shop["offer_key"]["kid"], shop["offer_key"]["secret"]
batch = post("/v1/card-batches", operator, {"count": 1, "face": {"amount": "50.00", "currency": "EUR"}})
post(f"/v1/card-batches/{batch['id']}/activate", operator, {}, new_intent())

# A buyer opens a vault, and loads it from the card.
login = {"email": "ann@example.org", "pin": "493817", "password": "correct horse battery staple"}
post("/v1/accounts", None, login | {"country": "DE"})
buyer = post("/v1/sessions", None, login)["access_token"]
load = post("/v1/vault/loads", buyer, {"card": {"code": batch["cards"][0]["code"]}}, new_intent())
print(f"loaded {load['credited']['amount']} {load['credited']['currency']}")

# The shop listens, and signs its price by itself. A sandbox has its own time.
events = ask("GET", "/v1/events/stream", api_key)
now = calendar.timegm(time.strptime(get("/v1/gateway")["now"][:19], "%Y-%m-%dT%H:%M:%S"))
offer = jwt.encode(
    {"iss": merchant_id, "aud": gateway, "jti": "order-1", "iat": now, "exp": now + 900,
     "item": {"id": "nb-1", "title": "A notebook", "category": "general"},
     "price": {"amount": "10.00", "currency": "EUR"}},
    offer_secret, algorithm="HS256", headers={"kid": kid, "typ": "offer+jwt"})

# The buyer pays it, and the shop hears of it.
purchase = post("/v1/purchases", buyer, {"offers": [offer]}, new_intent())
print(f"bought for {purchase['total']['amount']} {purchase['total']['currency']}")
event = next_event(events)
sold = event["data"]["items"][0]
print(f"{event['type']}: {sold['title']} for {sold['gross']['amount']} {sold['gross']['currency']}")
