-- A mark that somebody shows is found by its bytes.
CREATE INDEX stamp_indicium ON stamp (indicium);
