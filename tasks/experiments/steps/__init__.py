"""Steps of experiments: planned, replayed batch by batch, shown, adopted."""
