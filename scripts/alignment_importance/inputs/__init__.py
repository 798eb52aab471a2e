"""What users give: images, judgments, data sets, and how images are cut into folds."""
