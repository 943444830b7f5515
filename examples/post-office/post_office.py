"""A post office that checks stamps without a network, and tells the gateway of its scans when it has one.

It knows nothing of the gateway's code: the layout of a mark is the one of docs/stamps.md.
"""

import argparse
import base64
import datetime
import json
import struct
import sys
import urllib.request
from decimal import Decimal
from pathlib import Path

import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

FULL = struct.Struct(">2sB3sII5s7s5sH6s3sHHH2s7s2s7s2sI2s4s64s")
LITE = struct.Struct(">2sB3sII5s5sH6sHH3s8s")
EPOCH = datetime.date(2000, 1, 1)
# Code and decimals by the number of ISO 4217; others are shown in minor units.
CURRENCIES = {840: ("USD", 2), 978: ("EUR", 2), 826: ("GBP", 2), 756: ("CHF", 2), 124: ("CAD", 2), 392: ("JPY", 0)}
SCANS_MAX = 1000  # that the gateway takes at once


def number(field):
    return int.from_bytes(field, "big")


def day(days):
    return EPOCH + datetime.timedelta(days=days)


def amount(thousandths, currency):
    code, decimals = CURRENCIES.get(currency, (f"({currency})", 0))
    return f"{round(Decimal(thousandths).scaleb(-3 - decimals), decimals)} {code}"


def parse(mark):
    """What a mark says, or nothing where it is none."""
    if len(mark) == FULL.size and mark[:3] == b"ES\x11":
        (_, _, issuer, key_id, vendor, counter, _ascending, value, currency, service, weight, issued, mailing, expires,
         _from, _from_code, to, to_code, _kind, _item, _post, _nonce, signature) = FULL.unpack(mark)
        more = {"mailing_on": str(day(mailing)), "up_to_g": number(weight), "to": (to + to_code).rstrip(b"\0").decode("latin-1")}
    elif len(mark) == LITE.size and mark[:3] == b"ES\x12":
        (_, _, issuer, key_id, vendor, counter, value, currency, service, issued, expires, _nonce, signature) = LITE.unpack(mark)
        more = {}
    else:
        return None
    code, _ = CURRENCIES.get(currency, (str(currency), 0))
    return more | {
        "vendor": vendor,
        "key_id": key_id,
        "stamp": (vendor, currency, number(counter)),
        "serial": f"{issuer.decode('latin-1')}-{vendor}-{code}-{number(counter):08}",
        "value": amount(number(value), currency),
        "service": service.rstrip(b"\0").decode("latin-1"),
        "issued_on": day(issued),
        "expires_on": day(expires),
        "signed": mark[: -len(signature)],
        "signature": signature,
    }


def read_keys(path):
    """The gateway's published keys: by vendor and number, since a vendor has had several."""
    keys = {}
    for key in json.loads(Path(path).read_text())["keys"]:
        raw = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
        keys[key["vendor"], key["key_id"]] = Ed25519PublicKey.from_public_bytes(raw)
    return keys


def judge(claims, keys, seen, today):
    """What can be said of a mark without asking anybody."""
    if len(claims["signature"]) == 8:
        status = "ask"  # a lite mark: only the gateway has its secret
    else:
        key = keys.get((claims["vendor"], claims["key_id"]))
        if key is None:
            return "forged"
        try:
            key.verify(claims["signature"], claims["signed"])
        except InvalidSignature:
            return "forged"
        status = "valid"
    if claims["stamp"] in seen:
        return "duplicate"
    seen.add(claims["stamp"])
    return status if claims["issued_on"] <= today <= claims["expires_on"] else "expired"


def check(arguments):
    keys, seen, scans = read_keys(arguments.keys), set(), []
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    if arguments.at:
        now = datetime.datetime.fromisoformat(arguments.at)
    for path in sorted(path for path in Path(arguments.folder).iterdir() if path.is_file()):
        found = zxingcpp.read_barcodes(Image.open(path).convert("L"), formats=zxingcpp.BarcodeFormat.DataMatrix)
        marks = [bytes(symbol.bytes) for symbol in found]
        if not marks:
            print(f"{path.name}: unreadable")
        for mark in marks:
            claims = parse(mark)
            if claims is None:
                print(f"{path.name}: no stamp of this layout")
                continue
            status = judge(claims, keys, seen, now.date())
            print(f"{path.name}: {status}: {claims['serial']}, {claims['value']} for {claims['service']}")
            if status != "forged":
                scan = {"indicium": base64.b64encode(mark).decode(), "scanned_at": now.isoformat().replace("+00:00", "Z")}
                # One more time in this office is one more piece of mail, so the image is part of the place.
                scans.append({"image": path.name, "scan": scan | {"place": f"{arguments.place}, {path.name}"}})
    Path(arguments.scans).write_text(json.dumps(scans, indent=1))


def ask(url, bearer=None, body=None):
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    data = None if body is None else json.dumps(body).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30))


def is_first(scan, answer):
    """Whether the stamp was first seen by this very scan, which was told before."""
    times = [datetime.datetime.fromisoformat(time) for time in (scan["scanned_at"], answer["first_scanned_at"])]
    return times[0] == times[1] and scan["place"] == answer.get("first_scanned_place")


def upload(arguments):
    """Tells of all scans in their order. When the answer was lost they are told again, and are duplicates of themselves."""
    bearer = Path(arguments.key_file).read_text().strip()
    scans = json.loads(Path(arguments.scans).read_text())
    bad, told = 0, set()
    for first in range(0, len(scans), SCANS_MAX):
        some = scans[first : first + SCANS_MAX]
        answers = ask(f"{arguments.url}/v1/stamps/scans", bearer, {"scans": [scan["scan"] for scan in some]})["data"]
        for scan, answer in zip(some, answers):
            status, where = answer["status"], ""
            # Twice in this file it is two pieces of mail, though time and place may be the same.
            this = tuple(scan["scan"].values())
            if status == "duplicate" and this not in told and is_first(scan["scan"], answer):
                status = "valid"
            told.add(this)
            if status == "refused":
                where = f": {answer['problem']['detail']}"
            if status == "duplicate":
                where = f", first seen at {answer['first_scanned_at']} in {answer.get('first_scanned_place')}"
            print(f"{scan['image']}: {status}{where}")
            bad += status != "valid"
    return 1 if bad else 0


def keys(arguments):
    Path(arguments.keys).write_text(json.dumps(ask(f"{arguments.url}/v1/stamps/keys"), indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("keys", help="keep the gateway's public keys, for when there is no network")
    command.add_argument("--url", default="http://127.0.0.1:8080")
    command.add_argument("--keys", default="keys.json")
    command.set_defaults(run=keys)
    command = commands.add_parser("check", help="check a folder of scanned images, without a network")
    command.add_argument("folder")
    command.add_argument("--keys", default="keys.json")
    command.add_argument("--scans", default="scans.json", help="where the scans are kept until they are told")
    command.add_argument("--place", required=True, help="this office, for whoever finds a duplicate later")
    command.add_argument("--at", help="the time to go by, like 2026-01-15T08:00:00Z; default: the clock of this machine")
    command.set_defaults(run=check)
    command = commands.add_parser("upload", help="tell the gateway of the scans; exit status 1 if one of them is not good")
    command.add_argument("--url", default="http://127.0.0.1:8080")
    command.add_argument("--key-file", default="scanner.key", help="a key of the operator, or of the vendor with `stamps:scan`")
    command.add_argument("--scans", default="scans.json")
    command.set_defaults(run=upload)
    arguments = parser.parse_args()
    sys.exit(arguments.run(arguments))


if __name__ == "__main__":
    main()
