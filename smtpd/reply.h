/*
 * reply -- replies with enhanced status codes (RFC 5321 4.2, RFC 2034).
 */
#ifndef REPLY_H
#define REPLY_H

#include "session.h"

/*
 * Adds a reply line to the output; the CRLF is put here.  A 5xx one counts as
 * an error of the client.  Returns NEXT_CMD, so that a command's function can
 * end with it.
 */
enum next reply(struct smtp *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The 421 before we hang up: "421 CODE HOSTNAME TEXT".  Waits a second at most.
 * Works after a time-out and a cancellation too.  Returns NEXT_DROP. */
enum next reply_closing(struct smtp *s, const char *code, const char *text);

/* RFC 5321 3.1: the first words of a session. */
enum next reply_greeting(struct smtp *s);

/* Replies that several commands give. */
enum next reply_syntax(struct smtp *s, const char *usage);
enum next reply_no_memory(struct smtp *s);

#endif
