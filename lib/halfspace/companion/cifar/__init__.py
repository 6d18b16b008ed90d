"""Table 1 and appendix 2: CIFAR."""
