"""Why a request is not answered: a status of HTTP and a sentence, which never says again what was sent."""


class Refused(Exception):
    """A request that is not answered."""

    def __init__(self, status: int, text: str, fields: "list[dict[str, object]] | None" = None) -> None:
        """Args:
        status: Of HTTP, such as 400.
        text: What is wrong, and what to do.
        fields: Of each row that is wrong, what its fields must be.
        """
        super().__init__(text)
        self.status, self.text, self.fields = status, text, fields
