"""Optional integrations with other packages, one per module."""
