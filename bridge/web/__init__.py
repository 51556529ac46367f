"""The service: FastAPI app and the passes that it makes."""
