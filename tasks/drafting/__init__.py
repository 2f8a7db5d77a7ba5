"""Drafting: from rows of one's own to the file of a pipeline, with each guess and its reason."""
