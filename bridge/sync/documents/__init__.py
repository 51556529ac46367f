"""The two sides of a document: its resources, its instances, and what was agreed on."""
