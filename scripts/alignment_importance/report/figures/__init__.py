"""The figures, a module for each family; every `draw_` function takes tables or labelled arrays and returns a Figure.

Arguments that several of them take: `comparison`, `model` and `network` are names for the title, `score` is the name of
the second-order score, `heatmaps` is what `maps.heatmaps.make` returns, and `pictures` is the table of the images.
What is simulated and what has random weights is written into the figure.
"""
