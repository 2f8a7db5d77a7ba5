"""Steps of coordination."""
