/*
 * trace -- what a message carries of its way: trace ids, and the Return-Path,
 * Delivered-To and Received fields put before it (RFC 5321 4.4).  Pure.
 */
#ifndef TRACE_H
#define TRACE_H

#include "tls.h"

#include <stddef.h>
#include <stdint.h>

/* Octets that trace_fields needs at most. */
#define TRACE_MAX 3072
/* Lines of all fields at most. */
#define TRACE_LINES 8
/* "Tue, 01 Jan 2030 00:00:00 +0100" and some more */
#define TRACE_DATE_MAX 64
/* An IP address as an address literal, with a NUL. */
#define TRACE_LITERAL_MAX 64

/* All texts are borrowed for the call. */
struct trace {
	const char *reverse_path;   /* "" for the null one */
	const char *helo;	    /* as the client named itself */
	const char *with;	    /* of trace_with */
	struct tls_info tls;	    /* version NULL or "": none */
	const char *client_name;    /* confirmed by DNS, or NULL */
	const char *client_address; /* in numbers */
	const char *hostname;	    /* ours */
	uint64_t id;
	const char *forward_path; /* of the only recipient, else NULL */
	const char *mailbox;	  /* the only one it goes to, else NULL */
	int64_t time;		  /* wall clock, ns */
};

/*
 * The id of a session's number-th message (from 1): unlike all others, since
 * the session's own is random.
 */
uint64_t trace_id(uint64_t session, uint64_t number);

/* Writes an address in numbers as address literal: "[IPv6:::1]". */
void trace_literal(const char *address, char to[TRACE_LITERAL_MAX]);

/* Wall clock, ns, as the date-time of RFC 5322 3.3, local with its offset.  0,
 * or -1 where there is no such time. */
int trace_date(int64_t time, char to[TRACE_DATE_MAX]);

/* The protocol's name: RFC 5321 4.4, RFC 3848, RFC 6531 4.3. */
const char *
trace_with(int is_lmtp, int is_extended, int is_utf8, int is_tls, int is_login);

/*
 * Writes the fields, with LF line ends, to[size]: at least TRACE_MAX.
 * Returns their length, or 0 where they do not fit.  *lines gets how many
 * lines they have.
 */
size_t
trace_fields(const struct trace *t, char *to, size_t size, unsigned *lines);

/* Makes the LFs of text, which are `lines`, CRLFs; it has room for them.
 * Returns the new length. */
size_t trace_crlf(char *text, size_t length, unsigned lines);

#endif
