"""What to do about a document, pure: news of both sides, the table, what a route carries."""
