"""What can be done on the command line: a module for each verb, with its `run(words, command)`."""
