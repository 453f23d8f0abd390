"""Planned misbehaviour: its kinds, how it is read, and what it does to deliveries."""
