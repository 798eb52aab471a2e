"""The one kind of error that is the user's to mend."""


class InputError(ValueError):
    """Something in the data, the configuration or the network that the user can correct.

    The message names the file, row, column or key, says what was found there and what to do about it. It is shown
    without a traceback.
    """
