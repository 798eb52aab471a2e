"""The figures, a module for each family; every `draw_` function takes tables or labelled arrays and returns a Figure.

What is simulated and what has random weights is written into the figure.
"""
