"""What is shown: figures, gallery, paper, published values."""
