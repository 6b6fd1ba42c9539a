/*
 * worked -- how far long work on a mailbox is, for the administrator who waits:
 * two numbers in a file that came with his request (docs/helpers.md).
 */
#ifndef WORKED_H
#define WORKED_H

#include <stddef.h>
#include <stdint.h>

struct fiber;

struct worked {
	struct worked *next;
	const struct fiber *fiber; /* whose work it is */
	int fd;
	uint32_t total, done; /* letters; 0: it can't be told */
};

/*
 * From now on, to worked_ignore, what the calling fiber does is told by *w,
 * which is the caller's; what others do in the same mailbox is not, since they
 * may go on for longer.  Takes fd, -1 for none.
 */
void worked_watch(struct worked *w, int fd);

/* Closes the descriptor. */
void worked_ignore(struct worked *w);

/* The calling fiber begins work on so many letters: who watches, or NULL. */
struct worked *worked_begin(size_t total);

/* One of them is done (NULL: nobody wants to know); after the last, what else
 * there is to do can't be told. */
void worked_step(struct worked *w);

#endif
