"""Room 4, training: which rows a model learns from, how it is fitted and asked."""
