"""Real Kafka and MongoDB, and Whistle's services beside them, on one machine without Docker or root."""
