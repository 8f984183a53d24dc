"""Benchmarks: generated catalogues of any size, and what ours and the stock extensions need for the same work."""
