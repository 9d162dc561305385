# The template's. Nothing of yours belongs here.
"""One thing that looks broken in a batch, in words for whoever sent it."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """What looks broken.

    Args:
        kind: Such as `unit`, `spelling` or `leak`.
        column: Where; `*` for the batch as a whole.
        found: In words, with counts.
        expected: What the known rows held.
        do: What to do about it.
    """

    kind: str
    column: str
    found: str
    expected: str
    do: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.kind}: column {self.column!r}: {self.found}; expected {self.expected}"

    def record(self) -> dict[str, str]:
        """Return it as JSON holds it."""
        return asdict(self)
