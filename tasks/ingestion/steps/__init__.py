"""Steps of ingestion: what waits, and what is admitted."""
