"""The triage: what the rows of a batch show beside those before them, before anybody learns from them."""
