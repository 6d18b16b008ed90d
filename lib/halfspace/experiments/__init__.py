"""Experiments: one frozen spec per figure or table of the paper, run once and cached."""

from halfspace.experiments._base import Result, resolve_device, results

__all__ = ["Result", "resolve_device", "results"]
