"""Keys: one table, the keymap, Textual's bindings."""
