"""Documents of a few words that mean many fields."""

ID = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
ONE = f'{{ company(id: "{ID}") {{ %s }} }} '


def doubling(levels: int) -> str:
    """Fragments that each spread the next one twice: the last stands there 2 to the power of `levels` times."""
    fragments = [
        f"fragment F{n} on Company {{ a: people(first: 1) {{ edges {{ node {{ company {{ ...F{n + 1} }} }} }} }}"
        f" b: people(first: 1) {{ edges {{ node {{ company {{ ...F{n + 1} }} }} }} }} }}"
        for n in range(levels)
    ]
    return " ".join([*fragments, f"fragment F{levels} on Company {{ id }}"])


def many(count: int, text: str) -> str:
    """A text so many times, each with its number in the place of `#`."""
    return " ".join(text.replace("#", str(number)) for number in range(count))
