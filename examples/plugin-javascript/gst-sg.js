// Goods and services tax of Singapore: the plugin of docs/plugins.md in JavaScript. It gives the same answers as the one in
// Rust, without its SDK: what that does for an author is done by hand here.

// The rates since their first days, newest first, in whole percent, as IRAS lists them.
const RATES = [
  ['2024-01-01', 9n],
  ['2023-01-01', 8n],
  ['2007-07-01', 7n],
];

const LAW = 'Goods and Services Tax Act 1993, section 16';
const IRAS = 'https://www.iras.gov.sg/taxes/goods-services-tax-(gst)/basics-of-gst/current-gst-rates';

// Postage and passenger transport are zero-rated when they cross the border, which a sale does not tell.
const STANDARD_RATED = new Set([
  'general', 'digital-service', 'book', 'ebook', 'newspaper', 'food', 'medicine', 'accommodation', 'restaurant',
]);

// Decimals of the currencies that this plugin knows.
const DECIMALS = { SGD: 2, USD: 2, EUR: 2, GBP: 2, AUD: 2, MYR: 2, JPY: 0 };

const LARGEST = 2n ** 63n - 1n;

const sum = (numbers) => numbers.reduce((sum, number) => sum + number, 0n);

function refuse(code, message, field) {
  throw { code, message, field, retryable: false };
}

function rateOn(date) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(Date.parse(date))) {
    refuse('malformed-request', 'a day is written like 2026-01-31', 'date');
  }
  const row = RATES.find(([since]) => since <= date);
  return row ?? refuse('tax-country-unsupported', `no rate is known for ${date}`, 'date');
}

// Splits the total into its parts, which are fractions of one denominator: each becomes its floor, and what is missing
// goes, one unit each, to the largest fractions; ties in order.
function spread(total, numerators, denominator) {
  const parts = numerators.map((numerator) => numerator / denominator);
  const rest = numerators.map((numerator) => numerator % denominator);
  const order = numerators.map((_, index) => index);
  order.sort((a, b) => (rest[a] === rest[b] ? a - b : rest[a] < rest[b] ? 1 : -1));
  for (const index of order.slice(0, Number(total - sum(parts)))) parts[index] += 1n;
  return parts;
}

function checkLine(line, index, currency) {
  if (line.amount.currency !== currency || line.amount.minor < 0n) {
    refuse('invalid-amount', `every line of this sale is in ${currency} and not negative`, `lines[${index}].amount`);
  }
  if (!STANDARD_RATED.has(line.category)) {
    refuse('tax-category-unsupported', `no rule for ${line.category}`, `lines[${index}].category`);
  }
}

// The taxes of the lines, one for each category. A line's exact tax is a fraction with the denominator
// 100 * (100 + rate), whether its amount is net or contains the tax. IRAS lets the tax of an invoice be computed on its
// total: it is rounded once, to the nearest cent.
function taxes(lines, rate, currency) {
  const denominator = 100n * (100n + rate);
  const byCategory = new Map();
  lines.forEach((line, index) => {
    checkLine(line, index, currency);
    const exact = line.amount.minor * rate * (line.taxInclusive ? 100n : 100n + rate);
    if (!byCategory.has(line.category)) byCategory.set(line.category, []);
    byCategory.get(line.category).push({ ...line, exact });
  });
  const wholes = [...byCategory.values()].map((lines) => sum(lines.map(({ exact }) => exact)));
  const total = (2n * sum(wholes) + denominator) / (2n * denominator);
  const parts = spread(total, wholes, denominator);
  const money = (minor) =>
    minor > LARGEST ? refuse('invalid-amount', 'the amount is too large') : { minor, currency };
  return [...byCategory].map(([category, lines], index) => {
    const [tax, whole] = [parts[index], wholes[index]];
    // What is in the prices that contain the tax is taken out of them.
    const onLines = tax === 0n ? [] : spread(tax, lines.map(({ exact }) => tax * exact), whole);
    const nets = lines.map(({ amount, taxInclusive }, index) =>
      amount.minor - (taxInclusive ? (onLines[index] ?? 0n) : 0n));
    return {
      name: 'GST', jurisdiction: 'SG', authority: 'SG', category, reason: 'standard',
      rate: { mantissa: rate, scale: 0 }, base: money(sum(nets)), tax: money(tax), lines: lines.map(({ id }) => id),
    };
  });
}

function amount(minor) {
  const digits = `${minor < 0n ? -minor : minor}`.padStart(3, '0');
  return `${minor < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export const tax = {
  describe: () => ({
    name: 'gst-sg', version: '1.0.0', covers: ['SG'], validFrom: '2007-07-01', sources: [LAW, IRAS],
  }),

  assess({ date, currency, seller, buyer, buyerTaxId, lines }) {
    if (buyer.country !== 'SG') {
      refuse('tax-country-unsupported', 'this plugin knows the tax of Singapore', 'buyer.country');
    }
    // Section 14: a business that buys from abroad accounts for the tax itself.
    if (seller.country !== 'SG' && buyerTaxId) {
      refuse('tax-country-unsupported', 'no rule for a business that buys abroad', 'buyer_tax_id');
    }
    if (!Object.hasOwn(DECIMALS, currency)) {
      refuse('currency-unsupported', 'this plugin does not know that currency', 'currency');
    }
    const [since, rate] = rateOn(date);
    return {
      taxes: taxes(lines, rate, currency),
      rounding: { level: 'rate', mode: 'half-up', decimals: DECIMALS[currency] },
      law: `${LAW}; ${rate} % since ${since}`,
    };
  },

  checkTaxId: () => refuse('tax-country-unsupported', 'this plugin does not know tax numbers', 'country'),

  // The boxes of form GST F5 that sales fill, in Singapore dollars.
  fileReturn({ period, lines }) {
    if (lines.some(({ base, tax }) => base.currency !== 'SGD' || tax.currency !== 'SGD')) {
      refuse('invalid-amount', 'form GST F5 is in Singapore dollars');
    }
    const sales = amount(sum(lines.map(({ base }) => base.minor)));
    const rows = [
      'box,name,SGD',
      `1,Total value of standard-rated supplies,${sales}`,
      '2,Total value of zero-rated supplies,0.00',
      '3,Total value of exempt supplies,0.00',
      `4,Total value of (1) + (2) + (3),${sales}`,
      `6,Output tax due,${amount(sum(lines.map(({ tax }) => tax.minor)))}`,
    ];
    return {
      mediaType: 'text/csv; charset=utf-8', fileName: `gst-f5-${period}.csv`,
      body: new TextEncoder().encode(`${rows.join('\n')}\n`),
    };
  },
};
