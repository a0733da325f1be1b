"""The console, GraphiQL and the page of REST: their build, their files, and the routes that serve them."""
