"""Steps of monitoring."""
