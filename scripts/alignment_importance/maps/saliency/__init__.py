"""Saliency maps of an image set, one module per method.

A method makes a `computing.Provider`, which turns one image into one map; `computing.write` runs it over an image set
and writes the maps at the images' own resolution. `registry` lists the methods.
"""
