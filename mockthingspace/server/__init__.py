"""The Flask application of one mock server, and how it is served."""
