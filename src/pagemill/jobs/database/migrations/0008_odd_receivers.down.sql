-- Deliveries to an address without a host, which can never be sent, have no place in the older table.
DELETE FROM webhook_deliveries WHERE receiver = '';
ALTER TABLE webhook_deliveries DROP COLUMN receiver;
ALTER TABLE webhook_deliveries ADD COLUMN receiver text NOT NULL GENERATED ALWAYS AS
    (lower(substring(url FROM '^[^:]+://(?:[^/?#@]*@)?([^/?#]*)'))) STORED;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (receiver, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
