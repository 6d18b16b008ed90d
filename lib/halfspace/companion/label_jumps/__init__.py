"""Where labels jump: gates and oblique trees, clusters of activation patterns, ranks."""
