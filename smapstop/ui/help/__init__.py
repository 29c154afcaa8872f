"""Content of the help: its sections, synonyms for searching it, and the terms explained under the pointer."""
