"""Similarity, second-order scores, inference and resampling."""
