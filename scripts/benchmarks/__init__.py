"""Benchmarks of the engine against other ways to the same numbers."""
