"""What can go wrong between a browser and a view."""


class JobError(Exception):
    """The choice or the table does not allow a view: a message for the reader, and the row."""

    def __init__(self, message: str, row: int | None = None):
        super().__init__(message)
        self.row = row


class Refused(Exception):
    """A request that is not answered: its HTTP status and a message for the reader."""

    def __init__(self, status: int, message: str, row: int | None = None):
        super().__init__(message)
        self.status, self.message, self.row = status, message, row
