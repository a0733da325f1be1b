"""PostgreSQL: statements made from plans, connections, and a server of Fieldstone's own."""
