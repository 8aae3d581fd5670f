DROP TABLE webhook_deliveries, webhook_account_secrets, webhook_endpoints;
DROP TYPE delivery_status;
ALTER TABLE jobs DROP COLUMN webhook_url;
