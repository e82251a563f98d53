"""What would have helped in the stories of task 3."""

_HELPS = {"a": "retries", "b": "schedule", "c": "dependencies", "d": "gate", "e": "versions", "f": "monitoring"}
_WITH_A_MODEL_ONLY = frozenset("def")

REMEDIES = frozenset(_HELPS.values())


def wrong(remedy: dict[str, str]) -> set[str]:
    """The stories to which another remedy is given."""
    return {letter for letter, helps in _HELPS.items() if remedy[letter] != helps}


def needless(letters: set[str]) -> set[str]:
    """Those of the letters whose stories happen in ETL too."""
    return letters - _WITH_A_MODEL_ONLY


def missed(letters: set[str]) -> set[str]:
    """The letters of stories that take a model and are not among these."""
    return set(_WITH_A_MODEL_ONLY - letters)
