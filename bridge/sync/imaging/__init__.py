"""Studies of the PACS and their ImagingStudies."""
