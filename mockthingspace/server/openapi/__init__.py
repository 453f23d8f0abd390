"""The OpenAPI description of everything the server answers."""
