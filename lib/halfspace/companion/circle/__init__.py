"""Section 4: feature learning on the circle."""
