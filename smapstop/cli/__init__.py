"""Command line: arguments, configuration, and one module per command."""
