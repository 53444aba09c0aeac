"""Where the bytes of photos are kept: in MongoDB, or in an S3 bucket."""

from collections.abc import Callable

from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Bucket, Database


def buckets(settings: Settings, database: Database) -> Callable[[str], Bucket]:
    """Where photos' bytes are kept, by name: in MongoDB, or where ``WHISTLE_PHOTO_STORE`` says.

    Raises ``RuntimeError`` when a bucket is wanted and the extra is not installed.
    """
    if not settings.photo_store:
        return database.bucket
    try:
        from shared.runtime.storage.object_store import MovedBucket, S3Bucket
    except ModuleNotFoundError as missing:
        raise RuntimeError(f"WHISTLE_PHOTO_STORE is set; install whistle[s3]: {missing}") from missing
    return lambda name: MovedBucket(S3Bucket(settings.photo_store, name), database.bucket(name))
