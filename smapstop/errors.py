"""The one exception of smapstop."""


class SmapstopError(Exception):
    """Something went wrong that a person can act on: printed as one line, exit status 2.

    Attributes:
        what: What happened, without a final full stop.
        remedy: What the user can do about it; may be empty.
        status: The exit status of the command line; 2 unless a shell's convention says otherwise.
    """

    def __init__(self, what: str, remedy: str = "", *, status: int = 2) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.status = status

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}" if self.remedy else self.what
