"""The evidence: experiments, recorded runs, claims and figures of the book."""
