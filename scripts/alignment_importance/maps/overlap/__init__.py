"""How far heatmaps and saliency maps lie on the same places."""
