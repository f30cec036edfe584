"""The rim: from the JSON of a document to the values that the rules judge, part by part in document order."""
