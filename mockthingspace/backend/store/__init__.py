"""What one server remembers, in order and bounded."""
