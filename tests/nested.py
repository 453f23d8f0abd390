"""How pytest is run in a test: without what a nested run has no use for."""

PLUGINS = ("hypothesispytest", "cacheprovider", "randomly", "pytest_cov")
FAST = tuple(word for name in PLUGINS for word in ("-p", f"no:{name}"))
