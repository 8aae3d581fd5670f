-- The span that submitted a job, as a W3C `traceparent`: its pages and webhooks carry the trace on.
ALTER TABLE jobs ADD COLUMN trace_context text;
