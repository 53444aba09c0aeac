"""Renews the lock of Kafka's jars: `python -m deploy.local.servers.relock VERSION` (development only)."""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from jgo.maven import MavenContext

from deploy.local.servers.jars import LOCK

LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl"  # Kafka's own distribution adds it to what its module asks for


def relock(version: str) -> None:
    """Resolve the broker's runtime dependencies and write coordinates, sizes and digests."""
    with tempfile.TemporaryDirectory() as repository:
        context = MavenContext(repo_cache=Path(repository), timeout=60)
        broker = context.create_dependency(f"org.apache.kafka:kafka_2.13:{version}")
        inputs, transitive = context.resolver.resolve([broker])
        log4j = next(d.version for d in transitive if d.artifactId == "log4j-core")
        rows = []
        for dependency in (*inputs, *transitive, context.create_dependency(f"{LOGGING}:{log4j}")):
            content = dependency.artifact.resolve().read_bytes()
            coordinate = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
            digest = hashlib.sha256(content).hexdigest()
            rows.append({"jar": coordinate, "bytes": len(content), "sha256": digest})
    rows.sort(key=lambda row: str(row["jar"]))
    LOCK.write_text(json.dumps({"kafka": version, "jars": rows}, indent=1) + "\n")


if __name__ == "__main__":
    relock(sys.argv[1])
