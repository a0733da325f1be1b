"""Sign-in and sign-out of people in browsers."""
