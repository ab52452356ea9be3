"""What a person touches: commands, the local API, texts, the demo."""
