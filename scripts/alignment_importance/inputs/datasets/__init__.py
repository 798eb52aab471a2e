"""Adapters: one module per data set, each reading the published files; `canonical` brings them into the canonical form.

The canonical form is a folder of images and tables of judgments, as of any user's data. An adapter knows how its files
are built, and nothing of where they lie: its form says where they may
be (`forms`), and the workflow hands over the paths.
"""
