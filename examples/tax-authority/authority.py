"""A tax authority for tests: it reads returns as strictly as a real one, and says why it refuses one.

POST /organisations/vat/{vrn}/returns   the nine boxes of the United Kingdom (HMRC, VAT (MTD) API 1.0), JSON
POST /oss/{number}/{period}             the Union one-stop shop, in the CSV that Finland's MyTax reads
GET  /returns                           what was accepted, with the tax of each

Python's own library is all that it needs:

    python3 examples/tax-authority/authority.py --port 8090
"""

import argparse
import csv
import http.server
import io
import json
import re
import threading
from decimal import Decimal, InvalidOperation

BODY_BYTES_MAX = 1024 * 1024

# Box names, how many decimals they have, and the least and the most that fits into them.
WIDE, WHOLE = Decimal("9999999999999.99"), Decimal("9999999999999")
BOXES = {
    "vatDueSales": (2, -WIDE, WIDE),
    "vatDueAcquisitions": (2, -WIDE, WIDE),
    "totalVatDue": (2, -WIDE, WIDE),
    "vatReclaimedCurrPeriod": (2, -WIDE, WIDE),
    "netVatDue": (2, Decimal(0), Decimal("99999999999.99")),
    "totalValueSalesExVAT": (0, -WHOLE, WHOLE),
    "totalValuePurchasesExVAT": (0, -WHOLE, WHOLE),
    "totalValueGoodsSuppliedExVAT": (0, -WHOLE, WHOLE),
    "totalAcquisitionsExVAT": (0, -WHOLE, WHOLE),
}

# The member states as the one-stop shop writes them (Greece is EL), and the form of their VAT numbers.
STATES = {
    "AT": r"U\d{8}", "BE": r"[01]\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]", "CZ": r"\d{8,10}",
    "DE": r"\d{9}", "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}", "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}", "FR": r"[A-Z0-9]{2}\d{9}", "HR": r"\d{11}", "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}", "IT": r"\d{11}", "LT": r"\d{9}|\d{12}", "LU": r"\d{8}",
    "LV": r"\d{11}", "MT": r"\d{8}", "NL": r"\d{9}B\d{2}", "PL": r"\d{10}", "PT": r"\d{9}",
    "RO": r"\d{2,10}", "SE": r"\d{12}", "SI": r"\d{8}", "SK": r"\d{10}",
}
COLUMNS = 13
SALES, CORRECTION = "1", "2"


class Refused(Exception):
    """Why a return is not accepted."""

    def __init__(self, code, message, path=None):
        super().__init__(message)
        self.code, self.message, self.path = code, message, path


def weighted(digits, weights):
    return sum(int(digit) * weight for digit, weight in zip(digits, weights))


def is_vat_number(number):
    """Form and, for the states that are told apart here, check digits."""
    state, rest = number[:2], number[2:]
    if state not in STATES or not re.fullmatch(STATES[state], rest):
        return False
    if state == "DE":  # ISO 7064, MOD 11, 10
        product = 10
        for digit in rest[:8]:
            product = 2 * ((int(digit) + product - 1) % 10 + 1) % 11
        return (11 - product) % 10 == int(rest[8])
    if state == "FI":
        return (11 - weighted(rest[:7], (7, 9, 10, 5, 8, 4, 2)) % 11) % 11 == int(rest[7])
    if state == "FR" and rest[:2].isdigit():
        return int(rest[:2]) == (12 + 3 * (int(rest[2:]) % 97)) % 97
    if state == "IT" or state == "LU":
        if state == "LU":
            return int(rest[:6]) % 89 == int(rest[6:])
        doubled = [int(d) if n % 2 == 0 else sum(divmod(2 * int(d), 10)) for n, d in enumerate(rest)]
        return sum(doubled) % 10 == 0
    return True


def is_vrn(number):
    """Nine digits; 97, or since 2010 also 55 more, less the weighted sum of seven is in the last two."""
    if not re.fullmatch(r"\d{9}", number):
        return False
    total = weighted(number[:7], (8, 7, 6, 5, 4, 3, 2)) + int(number[7:])
    return total % 97 == 0 or (total + 55) % 97 == 0


def box(given, name):
    decimals, least, most = BOXES[name]
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Refused("INVALID_NUMERIC_VALUE", f"{name} is a number", name)
    value = Decimal(value)
    if not value.is_finite() or value != round(value, decimals):
        what = "whole pounds" if decimals == 0 else "pounds with at most two decimals"
        raise Refused("INVALID_NUMERIC_VALUE", f"{name} has {what}", name)
    if not least <= value <= most:
        raise Refused("INVALID_NUMERIC_VALUE", f"{name} is from {least} to {most}", name)
    return value


def nine_boxes(vrn, body):
    """Reads a British return; gives its period and the tax that it says."""
    if not is_vrn(vrn):
        raise Refused("VRN_INVALID", "the VAT registration number has a wrong check digit or form")
    try:
        given = json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, InvalidOperation) as error:
        raise Refused("INVALID_REQUEST", "the body is no JSON") from error
    if not isinstance(given, dict):
        raise Refused("INVALID_REQUEST", "the body is no JSON object")
    wanted = ["periodKey", *BOXES, "finalised"]
    for name in wanted:
        if name not in given:
            raise Refused("MANDATORY_FIELD_MISSING", f"{name} is missing", name)
    for name in given:
        if name not in wanted:
            raise Refused("INVALID_REQUEST", f"there is no field {name}", name)
    key = given["periodKey"]
    if not isinstance(key, str) or not re.fullmatch(r"[A-Z0-9#]{4}", key):
        raise Refused("PERIOD_KEY_INVALID", "a period key has four capital letters, digits or #", "periodKey")
    if given["finalised"] is not True:
        raise Refused("NOT_FINALISED", "the taxpayer has to declare the return final", "finalised")
    boxes = {name: box(given, name) for name in BOXES}
    due = boxes["vatDueSales"] + boxes["vatDueAcquisitions"]
    if boxes["totalVatDue"] != due:
        raise Refused("VAT_TOTAL_VALUE", f"box 3 is box 1 + box 2, which is {due}", "totalVatDue")
    net = abs(due - boxes["vatReclaimedCurrPeriod"])
    if boxes["netVatDue"] != net:
        raise Refused("VAT_NET_VALUE", f"box 5 is the difference of boxes 3 and 4, which is {net}", "netVatDue")
    return key, due


def euros(text, where, signed=False):
    """An amount with a decimal comma and at most two decimals."""
    pattern = r"-?\d{1,13}(,\d{1,2})?" if signed else r"\d{1,13}(,\d{1,2})?"
    if not re.fullmatch(pattern, text):
        raise Refused("AMOUNT", f"{text!r} is no amount like 1234,56", where)
    return Decimal(text.replace(",", "."))


def quarter(text, where):
    match = re.fullmatch(r"(20\d\d)-Q([1-4])", text)
    if not match:
        raise Refused("PERIOD", f"{text!r} is no quarter like 2026-Q4", where)
    return int(match[1]) * 4 + int(match[2])


def sale(row, number, where):
    """One row of sales: state, kind, rate, base and tax."""
    state, kind, level, rate, base, tax = row[3:9]
    if any(row[9:]):
        raise Refused("COLUMN", "columns J to M are empty in a row of sales", where)
    if state not in STATES:
        raise Refused("MEMBER_STATE", f"{state!r} is no member state", where)
    if state == number[:2]:
        raise Refused("MEMBER_STATE", f"sales at home ({state}) belong into the domestic return", where)
    if kind not in ("1", "2") or level not in ("1", "2"):
        raise Refused("CODE", "E is 1 for goods or 2 for services, F 1 for the standard or 2 for a reduced rate", where)
    if not re.fullmatch(r"\d{1,2}(,\d{1,2})?", rate) or Decimal(rate.replace(",", ".")) == 0:
        raise Refused("RATE", f"{rate!r} is no rate like 25,5", where)
    base, tax = euros(base, where), euros(tax, where)
    exact = base * Decimal(rate.replace(",", ".")) / 100
    # Each invoice rounds its tax to the cent, half a cent at most; an invoice is over a euro on average.
    most = max(Decimal("0.01"), base * Decimal("0.005"))
    if abs(exact - tax) > most:
        raise Refused("TAX", f"{rate} % of {base} is {exact:.2f}, not {tax}", where)
    return (state, kind, level, rate), tax


def correction(row, period, where):
    """One row that corrects an earlier return: period, state and tax."""
    if any(row[3:10]):
        raise Refused("COLUMN", "columns D to J are empty in a correction", where)
    earlier = quarter(row[10], where)
    # Dir. 2006/112/EC, art. 369h: within three years.
    if not period - 12 <= earlier < period:
        raise Refused("CORRECTION", f"{row[10]} is not one of the twelve quarters before", where)
    if row[11] not in STATES:
        raise Refused("MEMBER_STATE", f"{row[11]!r} is no member state", where)
    return euros(row[12], where, signed=True)


def one_stop_shop(number, text, body):
    """Reads a return of the one-stop shop; gives the tax that it says."""
    period = quarter(text, "period")
    if not is_vat_number(number):
        raise Refused("VAT_NUMBER", f"{number!r} is no VAT number of a member state")
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8"), newline=""), delimiter=";", strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused("FILE", "the body is no CSV in UTF-8") from error
    due, seen = Decimal(0), set()
    for line, row in enumerate(rows, 1):
        where = f"row {line}"
        if len(row) != COLUMNS:
            raise Refused("COLUMN", f"a row has the {COLUMNS} columns A to M, not {len(row)}", where)
        if row[0] != str(line):
            raise Refused("COLUMN", f"column A counts the rows: {line}, not {row[0]!r}", where)
        if row[1] != number:
            raise Refused("VAT_NUMBER", f"column B is the taxpayer's number, {number}", where)
        if row[2] == SALES:
            key, tax = sale(row, number, where)
            if key in seen:
                raise Refused("TWICE", "one row for each state, kind and rate", where)
            seen.add(key)
        elif row[2] == CORRECTION:
            tax = correction(row, period, where)
        else:
            raise Refused("CODE", "column C is 1 for sales or 2 for a correction", where)
        due += tax
    return due


class Authority(http.server.BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    token = None
    accepted, lock = {}, threading.Lock()

    def do_GET(self):
        if self.path != "/returns":
            return self.answer(404, {"code": "NOT_FOUND"})
        with self.lock:
            found = [{"taxpayer": who, "period": when, "tax": str(tax)} for (who, when), tax in self.accepted.items()]
        return self.answer(200, {"returns": found})

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            return self.answer(413, {"code": "TOO_LARGE", "message": f"at most {BODY_BYTES_MAX} bytes"})
        body = self.rfile.read(int(length))
        if self.token and self.headers.get("Authorization") != f"Bearer {self.token}":
            return self.answer(401, {"code": "INVALID_CREDENTIALS", "message": "the token is missing or wrong"})
        try:
            who, when, tax = self.read(body)
        except Refused as refused:
            told = {"code": refused.code, "message": refused.message, "path": refused.path}
            return self.answer(400, {name: text for name, text in told.items() if text})
        with self.lock:
            if (who, when) in self.accepted:
                message = f"the return of {when} was accepted before"
                return self.answer(403, {"code": "DUPLICATE_SUBMISSION", "message": message})
            self.accepted[who, when] = tax
        return self.answer(201, {"status": "accepted", "taxpayer": who, "period": when, "tax": str(tax)})

    def read(self, body):
        kind = self.headers.get("Content-Type", "").split(";")[0].strip()
        if match := re.fullmatch(r"/organisations/vat/([^/]+)/returns", self.path):
            if kind != "application/json":
                raise Refused("CONTENT_TYPE", "the nine boxes come as application/json")
            key, tax = nine_boxes(match[1], body)
            return match[1], key, tax
        if match := re.fullmatch(r"/oss/([^/]+)/([^/]+)", self.path):
            if kind != "text/csv":
                raise Refused("CONTENT_TYPE", "the one-stop shop reads text/csv")
            return match[1], match[2], one_stop_shop(match[1], match[2], body)
        raise Refused("NOT_FOUND", "no return is handed in at this address")

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing of a return goes into a log."""


def main():
    parser = argparse.ArgumentParser(description="A tax authority for tests.")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--token", help="what every request must show as its bearer token")
    options = parser.parse_args()
    Authority.token = options.token
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Authority)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
