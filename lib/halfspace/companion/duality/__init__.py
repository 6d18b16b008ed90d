"""The dual view: neural path kernels with pooling and skips; fixed, learnt and shuffled gates."""
