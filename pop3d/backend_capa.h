/*
 * backend_capa -- capabilities (RFC 2449 5) of a backend, and of ours what they
 * have to be held against: a client has seen our list before it logged in.
 */
#ifndef BACKEND_CAPA_H
#define BACKEND_CAPA_H

#include "conf.h"

#include <stddef.h>

/* Bits: what a list has. */
enum backend_capa {
	BACKEND_CAPA_TOP = 1 << 0,
	BACKEND_CAPA_UIDL = 1 << 1,
	BACKEND_CAPA_RESP_CODES = 1 << 2,
	BACKEND_CAPA_AUTH_RESP_CODE = 1 << 3,
	BACKEND_CAPA_PIPELINING = 1 << 4,
	BACKEND_CAPA_EXPIRE_NEVER = 1 << 5,
	BACKEND_CAPA_UTF8 = 1 << 6,
	BACKEND_CAPA_LANG = 1 << 7,
	/* These need not be there. */
	BACKEND_CAPA_PLAIN = 1 << 8, /* of SASL */
	BACKEND_CAPA_XCLIENT = 1 << 9
};

/* The bits of one line of a list; 0 where it says nothing that counts.  Pure.
 */
unsigned backend_capa_read(const char *line);

/* Whether the conf has this capability among those that are left out. */
int backend_capa_is_without(const struct conf_list *without, const char *name);

/*
 * What is announced here and lacks there (has: its bits), with blanks between,
 * into text[size]; its length.
 */
size_t backend_capa_lacks(
    unsigned has, const struct conf_list *without, char *text, size_t size);

/* A check of the conf's: the name of a capability that may be left out.  0, or
 * -1 with a reason in why[size]. */
int backend_capa_check(const char *value, char *why, size_t size);

#endif
