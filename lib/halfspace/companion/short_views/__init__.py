"""Short views: preferred directions, the hinge loss, learned edges, and a list of all papers."""
