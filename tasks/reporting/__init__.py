"""Room 8, reporting: the page and the sentences that tell what happened to a pipeline, computed from its history."""
