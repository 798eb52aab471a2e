"""What is computed of a network and judgments: rankings, curves, tests and their tables."""
