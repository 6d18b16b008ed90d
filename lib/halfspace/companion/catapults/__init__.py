"""Catapults: what steps beyond the limit of stability do to half-spaces and paths."""
