"""The demo, in a checkout: ``make demo`` or ``mockthingspace demo``."""
