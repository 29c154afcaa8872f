"""Values of labels: valid UTF-8, and not too long."""

LONGEST_VALUE = 160


def label_value(text: str) -> str:
    """Text as the value of a label; a long one is shortened in the middle."""
    text = text.encode("utf-8", "backslashreplace").decode()
    half = LONGEST_VALUE // 2
    return text if len(text) <= LONGEST_VALUE else f"{text[: half - 1]}…{text[-half:]}"
