"""What a training loss of zero is worth: global minima built by hand, good and bad, and trained."""
