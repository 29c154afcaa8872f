"""Parse the text of smaps into columns."""
