/*
 * early -- clients that talk before they were greeted.  RFC 5321 4.3.1 has them
 * wait; who does not is a program that sends its lines without reading replies,
 * or no mail program at all.
 */
#ifndef EARLY_H
#define EARLY_H

#include "session.h"

/* RFC 8446 5.1: the first octet of a record of the type "handshake". */
#define EARLY_TLS_HANDSHAKE 22

/*
 * Before the greeting: looks whether anything has come, after a pause where the
 * conf has one.  Waits so long.  NEXT_CMD where the greeting is due; NEXT_DROP
 * where the client was refused instead.
 */
enum next early_check(struct smtp *s);

#endif
