"""Table of keys, keymap, and Textual bindings."""
