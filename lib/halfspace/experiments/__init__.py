"""Experiments: one frozen spec per figure or table of the paper, run once and cached."""
