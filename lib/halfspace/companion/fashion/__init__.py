"""Section 5: modified Fashion-MNIST."""
