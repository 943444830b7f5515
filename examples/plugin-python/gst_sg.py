"""Goods and services tax of Singapore: the plugin of docs/plugins.md in Python. It gives the same answers as the one in
Rust, without its SDK: what that does for an author is done by hand here."""

from datetime import date

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.tax import Assessed, Assessment, Filing, Line, PeriodTotals, Rounding, RoundingLevel, Sale, Verdict
from wit_world.imports.types import Decimal, Description, Error, Money, RoundingMode

# The rates since their first days, newest first, in whole percent, as IRAS lists them.
RATES = [("2024-01-01", 9), ("2023-01-01", 8), ("2007-07-01", 7)]

LAW = "Goods and Services Tax Act 1993, section 16"
IRAS = "https://www.iras.gov.sg/taxes/goods-services-tax-(gst)/basics-of-gst/current-gst-rates"

# Postage and passenger transport are zero-rated when they cross the border, which a sale does not tell.
STANDARD_RATED = {
    "general", "digital-service", "book", "ebook", "newspaper", "food", "medicine", "accommodation", "restaurant",
}

# Decimals of the currencies that this plugin knows.
DECIMALS = {"SGD": 2, "USD": 2, "EUR": 2, "GBP": 2, "AUD": 2, "MYR": 2, "JPY": 0}

LARGEST = 2**63 - 1


def refusal(code: str, message: str, field: str | None = None) -> Err:
    return Err(Error(code, message, field, False))


def rate_on(day: str) -> tuple[str, int]:
    try:
        if len(day) != 10:
            raise ValueError
        date.fromisoformat(day)
    except ValueError:
        raise refusal("malformed-request", "a day is written like 2026-01-31", "date")
    for since, rate in RATES:
        if since <= day:
            return since, rate
    raise refusal("tax-country-unsupported", f"no rate is known for {day}", "date")


def spread(total: int, numerators: list[int], denominator: int) -> list[int]:
    """Splits the total into its parts, which are fractions of one denominator: each becomes its floor, and what is missing
    goes, one unit each, to the largest fractions; ties in order."""
    shares = [divmod(numerator, denominator) for numerator in numerators]
    parts = [floor for floor, _ in shares]
    order = sorted(range(len(parts)), key=lambda index: -shares[index][1])
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def check_line(line: Line, index: int, currency: str) -> None:
    if line.amount.currency != currency or line.amount.minor < 0:
        text = f"every line of this sale is in {currency} and not negative"
        raise refusal("invalid-amount", text, f"lines[{index}].amount")
    if line.category not in STANDARD_RATED:
        raise refusal("tax-category-unsupported", f"no rule for {line.category}", f"lines[{index}].category")


def money(minor: int, currency: str) -> Money:
    if minor > LARGEST:
        raise refusal("invalid-amount", "the amount is too large")
    return Money(minor, currency)


def taxes(lines: list[Line], rate: int, currency: str) -> list[Assessed]:
    """The taxes of the lines, one for each category. A line's exact tax is a fraction with the denominator
    100 * (100 + rate), whether its amount is net or contains the tax. IRAS lets the tax of an invoice be computed on its
    total: it is rounded once, to the nearest cent."""
    denominator = 100 * (100 + rate)
    by_category: dict[str, list[tuple[Line, int]]] = {}
    for index, line in enumerate(lines):
        check_line(line, index, currency)
        exact = line.amount.minor * rate * (100 if line.tax_inclusive else 100 + rate)
        by_category.setdefault(line.category, []).append((line, exact))
    wholes = [sum(exact for _, exact in rows) for rows in by_category.values()]
    total = (2 * sum(wholes) + denominator) // (2 * denominator)
    assessed = []
    for (category, rows), tax, whole in zip(by_category.items(), spread(total, wholes, denominator), wholes):
        # What is in the prices that contain the tax is taken out of them.
        parts = spread(tax, [tax * exact for _, exact in rows], whole) if tax else [0] * len(rows)
        base = sum(line.amount.minor - (part if line.tax_inclusive else 0) for (line, _), part in zip(rows, parts))
        assessed.append(Assessed(
            name="GST", jurisdiction="SG", authority="SG", category=category, reason="standard", rate=Decimal(rate, 0),
            base=money(base, currency), tax=money(tax, currency), lines=[line.id for line, _ in rows],
        ))
    return assessed


def amount(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"


class Tax(exports.Tax):
    def describe(self) -> Description:
        return Description("gst-sg", "1.0.0", ["SG"], "2007-07-01", None, [LAW, IRAS])

    def assess(self, sale: Sale) -> Assessment:
        if sale.buyer.country != "SG":
            raise refusal("tax-country-unsupported", "this plugin knows the tax of Singapore", "buyer.country")
        # Section 14: a business that buys from abroad accounts for the tax itself.
        if sale.seller.country != "SG" and sale.buyer_tax_id:
            raise refusal("tax-country-unsupported", "no rule for a business that buys abroad", "buyer_tax_id")
        if sale.currency not in DECIMALS:
            raise refusal("currency-unsupported", "this plugin does not know that currency", "currency")
        since, rate = rate_on(sale.date)
        return Assessment(
            taxes=taxes(sale.lines, rate, sale.currency),
            rounding=Rounding(RoundingLevel.RATE, RoundingMode.HALF_UP, DECIMALS[sale.currency], None),
            law=f"{LAW}; {rate} % since {since}",
        )

    def check_tax_id(self, country: str, number: str) -> Verdict:
        raise refusal("tax-country-unsupported", "this plugin does not know tax numbers", "country")

    def file_return(self, totals: PeriodTotals) -> Filing:
        """The boxes of form GST F5 that sales fill, in Singapore dollars."""
        if any("SGD" != money.currency for line in totals.lines for money in (line.base, line.tax)):
            raise refusal("invalid-amount", "form GST F5 is in Singapore dollars")
        sales = amount(sum(line.base.minor for line in totals.lines))
        rows = [
            "box,name,SGD",
            f"1,Total value of standard-rated supplies,{sales}",
            "2,Total value of zero-rated supplies,0.00",
            "3,Total value of exempt supplies,0.00",
            f"4,Total value of (1) + (2) + (3),{sales}",
            f"6,Output tax due,{amount(sum(line.tax.minor for line in totals.lines))}",
        ]
        body = "\n".join(rows) + "\n"
        return Filing("text/csv; charset=utf-8", f"gst-f5-{totals.period}.csv", body.encode())
