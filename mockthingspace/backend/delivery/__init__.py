"""Sending messages: queues, retries, and one POST."""
