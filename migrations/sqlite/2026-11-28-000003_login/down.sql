DROP TABLE login_key;
DROP TABLE login_refresh;
DROP TABLE login_grant;
DROP TABLE login_consent;
DROP TABLE login_client;
