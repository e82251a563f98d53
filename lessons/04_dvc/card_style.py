"""How a card looks."""


def heading(name: str) -> str:
    """The first line."""
    return f"# Model card: {name}\n"


def line(what: str, value: float, limit: str) -> str:
    """A figure and its limit."""
    return f"- {what}: {value:.3f} ({limit})"
