"""Steps of promotion."""
