"""Benchmarks of the engine against other ways to compute the same numbers."""
