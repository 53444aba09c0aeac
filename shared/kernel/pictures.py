"""How large a picture may be that is sent: one limit for apps, officers and the pages behind links."""

PICTURE_BYTES_MAX = 16 * 1024 * 1024
"""Telephones of 2026 write pictures of up to 15 MB."""
