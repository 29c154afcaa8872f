"""Text of everything shown or printed; imports neither Textual nor rich."""
