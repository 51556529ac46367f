"""Keeps two stores in step: feeds make work owed, the news of both sides decide what to do, and each effect is recorded
as an intent, applied, and agreed on.

Words of this room (docs/reference/words.md has those that people see):

- *owed*: a resource, instance or study that has to be looked at again; a row of the ledger (`WorkQueue`). It is `done`,
  or put off in a state that says who has to act.
- *to take in hand*: to lease the keys of a document, so that no other worker touches it meanwhile (`basis.hands`).
- *to settle*: to bring the other side in step with one item; it returns the *act*, a word such as `created`.
- *link*: what both sides agreed on last. *Intent*: what was begun and is not agreed on yet.
- *root*: the resource that a document is named by. *Head*: its newest SOP Instance; *chain*: all its instances.
- *news*: what a side says that differs from the link. *Void*: retracted or gone.
- *born in FHIR*, *born in DICOM*: on which side the document was first.
- *forming* resources make up documents (Observations, reports); *supporting* ones only belong to them.
"""
