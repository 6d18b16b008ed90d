"""Sections 2 and 3: path sums, kernels and their limits."""
