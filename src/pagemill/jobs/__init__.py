"""The durable state of jobs: the database, the queue and the workers that empty it."""
