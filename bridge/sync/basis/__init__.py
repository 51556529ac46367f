"""What every room of the synchronization stands on: a route, whose hands a document is in, what it waits for."""
