"""A request that is not answered."""


class Refused(Exception):
    """Its HTTP status, a message for the reader, and the row of a table at fault, if any."""

    def __init__(self, status: int, message: str, row: int | None = None):
        super().__init__(message)
        self.status: int = status
        self.message: str = message
        self.row: int | None = row
