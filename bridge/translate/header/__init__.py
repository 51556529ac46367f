"""Header of an SR <-> patient, study, devices, status: whom and what a document is about, which others it names."""
