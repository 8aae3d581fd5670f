"""The history of metrics: samples in the database, kept for some days, that charts are drawn from."""
