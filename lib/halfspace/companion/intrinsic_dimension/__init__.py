"""Intrinsic dimension: a function of few coordinates whose domain has many."""
