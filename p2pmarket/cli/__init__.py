"""The command line: it words, asks and prints; the daemon does the work."""
