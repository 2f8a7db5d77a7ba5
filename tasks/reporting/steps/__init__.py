"""Steps of reporting: the file of the report."""
