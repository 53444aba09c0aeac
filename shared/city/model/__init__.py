"""The shapes of a city pack: one Struct per kind of entry. Each file's JSON Schema is generated from them.

Everything is immutable; unknown fields are errors. ``checks`` finds problems across entries and files.
"""
