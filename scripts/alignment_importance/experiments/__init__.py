"""What is computed from a network and judgments: rankings, curves, tests and their tables."""
