"""The forms of data sets. These modules import nothing heavy, because the configuration imports them."""
