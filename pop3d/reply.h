/*
 * reply -- the replies that several commands have in common.  All are single
 * lines; each returns what the loop does next.
 */
#ifndef REPLY_H
#define REPLY_H

#include "session.h"

/*
 * "+OK " and the formatted text, in the session's language.  Every format of
 * these functions stands in the table of lang.c.
 */
void reply_ok(struct pop3 *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Counts a "+OK" that was written in another way. */
void reply_count_ok(void);

/* "-ERR " and the formatted text: the command was right, the answer is no. */
enum next reply_refuse(struct pop3 *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * "-ERR " and the text, for a command that was none, or wrong.  The session
 * ends after conf->errors of them.
 */
enum next reply_wrong(struct pop3 *p, const char *text);

/* There is no such message in the maildrop, or it is marked as deleted. */
enum next reply_no_message(struct pop3 *p, uint64_t number);

/* RFC 3206 4: a fault that may pass. */
enum next reply_temporary(struct pop3 *p, const char *what);

/* What is known of the maildrop can't be read any more: the session ends. */
enum next reply_damaged(struct pop3 *p);

#endif
