"""The GraphiQL page: its build, its files and the routes that serve it."""
