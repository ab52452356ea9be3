"""What a person touches: commands, the local API, texts, the demo."""

__version__ = "0.1.0"
