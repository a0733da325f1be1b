"""A schema of PostgreSQL as objects, fields and relations, and its rows as their records."""
