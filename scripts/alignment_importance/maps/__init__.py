"""Where in an image importance lies: heatmaps, patches, controls, saliency and overlap."""
