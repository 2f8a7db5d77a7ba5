"""Steps of drafting."""
