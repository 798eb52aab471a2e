"""What each data set needs and gives. These modules import nothing heavy, since the configuration imports them."""
