"""Documents of the PACS: what resources do not say of their items, and what an edit of resources does to them."""
