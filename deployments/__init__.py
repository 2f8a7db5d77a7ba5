"""How the flows are put to work: definitions, and the ways to bring them to a Prefect server."""
