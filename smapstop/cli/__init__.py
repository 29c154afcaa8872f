"""The command line: arguments, configuration, a module for each command."""
