"""Steps of training: rows by reference, and models fitted on them."""
