DROP TABLE passkey_ceremony;
DROP TABLE passkey;
