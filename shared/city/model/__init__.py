"""The shapes of a city pack, one Struct per kind of entry. Each file's JSON Schema is generated from these.

Everything is immutable; unknown fields are errors. What is wrong across entries or files is found in ``checking``.
"""
