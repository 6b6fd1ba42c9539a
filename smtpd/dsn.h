/*
 * dsn -- the parameters of delivery status notifications (RFC 3461 4).  Pure.
 */
#ifndef DSN_H
#define DSN_H

#include <stddef.h>

/* Octets of values, as encoded: RFC 3461 4.2, 4.4. */
#define DSN_ENVID_MAX 100
#define DSN_ORCPT_MAX 500

/* When the sender wants to hear of a recipient; bits. */
enum dsn_notify {
	DSN_DEFAULT = 0, /* nothing was said */
	DSN_NEVER = 1,
	DSN_SUCCESS = 2,
	DSN_FAILURE = 4,
	DSN_DELAY = 8
};

/* How much of the message a note of failure brings back. */
enum dsn_ret { DSN_RET_ANY, DSN_RET_FULL, DSN_RET_HDRS };

/* The value of NOTIFY= (RFC 3461 4.1) as bits, -1 where it is none. */
int dsn_notify(const char *value, size_t length);

/* The value of RET= (RFC 3461 4.3), -1 where it is none. */
int dsn_ret(const char *value, size_t length);

/* Whether it is xtext (RFC 3461 4). */
int dsn_is_xtext(const char *value, size_t length);

/*
 * Whether it is the value of ORCPT= (RFC 3461 4.2): a type, a semicolon and
 * xtext; of the type "utf-8" also as RFC 6533 3 has it, and with is_utf8 in
 * plain UTF-8.
 */
int dsn_is_orcpt(const char *value, size_t length, int is_utf8);

/*
 * Decodes xtext, and the "\x{20}" of RFC 6533 3, to to[size].  What stands for
 * a control character becomes "?", since it is to be written into a header.
 * Returns the length, or -1 where it does not fit.
 */
int dsn_decode(const char *text, char *to, size_t size);

#endif
