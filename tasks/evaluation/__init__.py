"""Room 5, evaluation: metrics with their intervals, and two models on the same rows."""
