"""The gallery: a page that shows every image of the sets with its heatmaps."""
