"""Values and services that every other package stands on; none knows a framework."""
