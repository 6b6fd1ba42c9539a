/*
 * seen -- letters that a client has retrieved, to be flagged so in the Maildir
 * (":2,S") when the session ends, where the conf asks for that.
 */
#ifndef SEEN_H
#define SEEN_H

#include "session.h"

#include <stdint.h>

/* Notes that letter number was retrieved. */
void seen_note(struct pop3 *p, uint32_t number);

/* Flags what was noted and still lies there, and forgets it.  Waits.  A failure
 * is logged, and harms nothing else. */
void seen_flush(struct pop3 *p);

#endif
