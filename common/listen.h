/*
 * listen -- listening sockets by their written address: "127.0.0.1:2110",
 * "[::1]:110", "0.0.0.0:25", "[::]:25", or a path: "/run/lmtp".
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An IPv4 or IPv6 address with a port, or a UNIX socket. */
union listen_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* Room for an address as text without its port, NUL included. */
#define LISTEN_TEXT_MAX INET6_ADDRSTRLEN

/*
 * Reads text: an address in numbers (no names are looked up), a colon, a port
 * from 0 to 65535 (0: the system chooses one); IPv6 stands in brackets.  What
 * begins with a slash is a UNIX socket's path.
 * Returns the length of the socket address, or 0 with a reason in why[size].
 */
socklen_t listen_parse(
    const char *text, union listen_address *address, char *why, size_t size);

/* The same as a check of a conf_setting (conf.h): 0, or -1 with a reason. */
int listen_check(const char *text, char *why, size_t size);

/*
 * Opens count (1 or more) stream sockets that listen at text and share what
 * comes in (SO_REUSEPORT): one for each worker.  They are non-blocking and
 * close-on-exec, and the caller's.  An IPv6 one takes no IPv4.  Fails where
 * any other socket, even one of the same user, listens there already.  Those of
 * a UNIX socket are one (listen_path.h).
 * Returns 0 with fds[count] filled, or -1 with a reason that begins with the
 * address in why[size]; then none stays open.  May wait for no one.
 */
int
listen_open(const char *text, int *fds, unsigned count, char *why, size_t size);

/*
 * As listen_open, but shares the address with sockets that listen there with
 * SO_REUSEPORT already, of the same user: for when an address takes the place
 * of another one that it overlaps.
 */
int listen_open_beside(
    const char *text, int *fds, unsigned count, char *why, size_t size);

/* The address without its port, as text in to[LISTEN_TEXT_MAX]; an IPv4
 * address that came in through IPv6 is written as IPv4, that of a UNIX socket
 * as "". */
void listen_text(const union listen_address *address, char *to);

/* Whether the address is one of this machine alone: 127.0.0.0/8 or ::1, or a
 * UNIX socket's. */
int listen_is_loopback(const union listen_address *address);

#endif
