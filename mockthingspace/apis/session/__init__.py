"""Tokens and sessions: how a client logs in."""
