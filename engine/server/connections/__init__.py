"""The connections of clients: how many there may be, what each may take, and which are closed first."""
