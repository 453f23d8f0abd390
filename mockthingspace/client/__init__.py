"""What speaks to the admin API, of a server here or elsewhere."""
