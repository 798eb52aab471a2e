"""Where in an image it lies: heatmaps, patches, controls, saliency and overlap."""
