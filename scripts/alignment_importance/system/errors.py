"""The one kind of error that the user can correct."""


class InputError(ValueError):
    """Something in the data, the configuration or the network that the user can correct.

    It is shown without a traceback.

    Attributes:
        found: what is wrong, in which row or column, and what to do about it.
        where: the file or key; empty where `found` says it.
    """

    def __init__(self, found: str, *, where: object = "") -> None:
        self.found, self.where = found, str(where)
        super().__init__(f"{where}: {found}" if self.where else found)
