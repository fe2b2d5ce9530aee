"""What can go wrong in a job."""


class JobError(Exception):
    """The choice or the table does not allow a view: a message for the reader, and the row."""

    def __init__(self, message: str, row: int | None = None):
        super().__init__(message)
        self.row = row
