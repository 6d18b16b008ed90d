"""Sections 2.1, 2.2 and 3.1: regions of paths and of activation patterns."""
