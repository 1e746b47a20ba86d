"""Comparison of names, identity and addresses, over whole columns of pairs."""
