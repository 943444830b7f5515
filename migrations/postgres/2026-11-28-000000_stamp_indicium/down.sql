DROP INDEX stamp_indicium;
