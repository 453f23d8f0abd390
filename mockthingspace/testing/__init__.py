"""What tests use: a running mock server, a listener, checks of listeners."""
