"""The pages of GraphiQL and of REST: their build, their files and the routes that serve them."""
