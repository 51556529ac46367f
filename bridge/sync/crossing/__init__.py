"""A document crosses: decided, written, agreed."""
