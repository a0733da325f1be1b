"""Operations that took longer than `FIELDSTONE_SLOW_OPERATION`: noted, explained, logged and listed."""
