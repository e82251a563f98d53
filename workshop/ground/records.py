"""What a stage's run leaves in the journal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """A stage that ran: for which month or candidate, from when to when (Unix seconds), and how it ended."""

    stage: str
    item: str | None
    start: float
    end: float
    status: str
    pid: int
    peak_bytes: int

    @property
    def name(self) -> str:
        """Such as `train boosting`."""
        return f"{self.stage} {self.item}" if self.item else self.stage
