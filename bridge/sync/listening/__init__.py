"""What the stores say has changed becomes work that is owed."""
