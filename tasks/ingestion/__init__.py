"""Room 1, ingestion: what a source delivers, read as it is, and which of its rows are new."""
