"""The champion at work: rows are scored from files and over HTTP, by the version that is live, and it is logged."""
