"""Serving ThingSpace's APIs over HTTP."""
