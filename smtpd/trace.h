/*
 * trace -- what a message carries of its way: trace ids, and the Return-Path
 * and Received fields put before it (RFC 5321 4.4).  Pure.
 */
#ifndef TRACE_H
#define TRACE_H

#include "tls.h"

#include <stddef.h>
#include <stdint.h>

/* Octets that trace_fields needs at most. */
#define TRACE_MAX 2048
/* Lines of both fields at most. */
#define TRACE_LINES 8
/* An IP address as an address literal, with a NUL. */
#define TRACE_LITERAL_MAX 64

/* All texts are borrowed for the call. */
struct trace {
	const char *reverse_path;   /* "" for the null one */
	const char *helo;	    /* as the client named itself */
	int is_extended;	    /* it said EHLO */
	struct tls_info tls;	    /* version NULL or "": none */
	const char *client_name;    /* confirmed by DNS, or NULL */
	const char *client_address; /* in numbers */
	const char *hostname;	    /* ours */
	uint64_t id;
	const char *forward_path; /* of the only recipient, else NULL */
	int64_t time;		  /* wall clock, ns */
};

/*
 * The id of a session's number-th message (from 1): unlike all others, since
 * the session's own is random.
 */
uint64_t trace_id(uint64_t session, uint64_t number);

/* Writes an address in numbers as address literal: "[IPv6:::1]". */
void trace_literal(const char *address, char to[TRACE_LITERAL_MAX]);

/*
 * Writes both fields, with LF line ends, to[size]: at least TRACE_MAX.
 * Returns their length, or 0 where they do not fit.  *lines gets how many
 * lines they have.
 */
size_t
trace_fields(const struct trace *t, char *to, size_t size, unsigned *lines);

/* Makes the LFs of text, which are `lines`, CRLFs; it has room for them.
 * Returns the new length. */
size_t trace_crlf(char *text, size_t length, unsigned lines);

#endif
