-- An address without a host, odd as it is, must not hold up the end of its job: its receiver is the empty one.

ALTER TABLE webhook_deliveries DROP COLUMN receiver;
ALTER TABLE webhook_deliveries ADD COLUMN receiver text NOT NULL GENERATED ALWAYS AS
    (lower(coalesce(substring(url FROM '^[^:]+://(?:[^/?#@]*@)?([^/?#]*)'), ''))) STORED;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (receiver, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
