"""How fast and how exact the package is."""
