/*
 * metrics_http -- an HTTP server for what metrics shows, by libmicrohttpd,
 * which runs in fibers of the worker here: it has no thread.
 *
 * Bounded: so many connections at each address, each for some seconds, one
 * request each; a request's head has some kilobytes, and no body is read.
 *
 * The library is loaded when it is wanted: linked to the program it would bring
 * GnuTLS into each helper and into their parent, which is root.
 */
#ifndef METRICS_HTTP_H
#define METRICS_HTTP_H

#include <stddef.h>

struct metrics_answer {
	char *text; /* malloc'd, the caller's; NULL: memory is out */
	size_t length;
	const char *type;   /* of media */
	const char *policy; /* Content-Security-Policy; NULL: none */
};

/*
 * What is at path; accept: the request's header, or "".  0, or -1: nothing.
 * Does not wait.
 */
typedef int metrics_http_find(
    const char *path, const char *accept, struct metrics_answer *to);

/* Loads the library, before privileges are given up: 0, or -1 with a reason,
 * borrowed. */
int metrics_http_load(const char **why);

/*
 * Serves a listening socket, which becomes the module's, in fibers of the
 * calling worker until it stops.  0, or -1 with errno.
 */
int metrics_http_serve(int listener, metrics_http_find *find);

#endif
