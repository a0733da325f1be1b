"""Rules of roles in plans: their conditions, the forms that these take, and checks when a role is saved."""
