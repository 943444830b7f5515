DROP TABLE filing_claim;
