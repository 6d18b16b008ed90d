"""Half-space features."""
