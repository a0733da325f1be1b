"""Running nested writes."""
