/*
 * limits -- how many sessions an address may have at a time, and how many
 * messages and recipients it may send a minute; over all workers.  Loopback and
 * UNIX sockets are free: this machine's own programs speak for many.
 */
#ifndef LIMITS_H
#define LIMITS_H

struct smtp;

/* The session's address is known, or is another one now: 0, or -1 where it has
 * too many sessions, or its network has. */
int limits_enter(struct smtp *s);

/* The session is over. */
void limits_leave(struct smtp *s);

/* One more message, or recipient, of the address, and of who has logged in: 0,
 * or -1 where that is too much for a minute of either. */
int limits_message(const struct smtp *s);
int limits_recipient(const struct smtp *s);

#endif
