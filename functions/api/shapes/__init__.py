"""What comes in and goes out, as TypedDicts: read when the OpenAPI document is made, never by the function itself.

A route names a shape by the name of its class, so names are unique over all modules here. Where a document is read
strictly elsewhere (`mooring.model`), its shape says what callers and readers rely on, and lets the rest pass.
"""
