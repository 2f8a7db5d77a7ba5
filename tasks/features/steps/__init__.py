"""What is looked up for rows: deliveries of other tables, and the past of a key."""
