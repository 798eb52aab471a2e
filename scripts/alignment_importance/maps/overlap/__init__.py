"""How far heatmaps and saliency maps mark the same places."""
