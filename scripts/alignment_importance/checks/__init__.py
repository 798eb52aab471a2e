"""One report of everything that is wrong with inputs, and the starting configuration."""
