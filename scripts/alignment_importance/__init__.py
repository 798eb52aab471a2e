"""Which feature maps make a network's similarity geometry match human similarity judgments.

The package works on arrays and labelled arrays. It implements the Alignment Importance Score of Truong, Pesenti &
Hasson, "Explaining Human Comparisons Using Alignment-Importance Heatmaps", Computational Brain & Behavior 8, 421-441
(2025), doi 10.1007/s42113-025-00235-x. Equation-like definitions in the docstrings refer to that paper.
"""
