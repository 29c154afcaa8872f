"""The model in words and numbers: no Textual, no rich."""
