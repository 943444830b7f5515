DROP INDEX refund_merchant;
DROP TABLE settlement;
DROP TABLE payout;
DROP TABLE filing_sent;
DROP TABLE filing;
DROP TABLE remittance;
