"""Saliency maps of an image set, one module per provider.

A provider (`computing.Provider`) turns one image into one map; `computing.write` runs it over an image set and writes
the maps at the images' own resolution. `providers` has those that need no network, `gaze` the networks.
"""
