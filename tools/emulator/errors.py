"""What the emulator refuses."""


class Refused(Exception):
    """An error of CloudFormation's API, or the reason why a resource fails."""

    def __init__(self, message: str, code: str = "ValidationError"):
        super().__init__(message)
        self.code = code
