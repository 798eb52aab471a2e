"""What `docs/make.py` makes: each module has `make`, which writes files of a checkout."""
