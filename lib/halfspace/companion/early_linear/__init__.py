"""Early-time simplicity: nets that start as linear models, and when they stop to be."""
