"""Adapters: one module per data set, each writing the canonical form (a folder of images and tables of judgments)."""
