"""Early features, linear combination later; the DLGN as a surrogate."""
