"""Experiments: one frozen spec per figure or table of the paper, run once and cached."""

from halfspace.experiments._base import resolve_device, results

__all__ = ["resolve_device", "results"]
