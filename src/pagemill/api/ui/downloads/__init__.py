"""The pages of a job as one file: JSON Lines, ZIP or Parquet, streamed with one page in memory at a time."""
