"""Steps of validation."""
