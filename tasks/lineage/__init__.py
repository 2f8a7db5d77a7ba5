"""Room 11, lineage: what was recorded is proven, shown elsewhere, repaired and made again."""
