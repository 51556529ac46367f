"""The native translation: which resources items become, and which items resources. It may lose; the rest keeps."""
