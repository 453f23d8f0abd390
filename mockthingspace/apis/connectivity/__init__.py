"""Connectivity Management."""
