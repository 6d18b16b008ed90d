"""Gated deep linear nets: how a ReLU net learns, and what its gates are good for."""
