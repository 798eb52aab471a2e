"""The parts of `docs/make.py`: the function `make` of each module writes its files into a checkout."""
