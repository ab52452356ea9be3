"""The daemon: a process a household, with a node for each of its communities."""
