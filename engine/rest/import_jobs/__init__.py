"""Import jobs: files that wait in the database, and are checked, imported and undone behind the requests."""
