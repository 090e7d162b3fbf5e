"""What a conformance run found: the document, and its readers."""
