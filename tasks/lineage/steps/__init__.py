"""Steps of lineage."""
