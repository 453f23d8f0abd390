"""Software Management (FOTA)."""
