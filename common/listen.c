#include "listen.h"

#include "listen_given.h"
#include "listen_path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connections that may wait to be accepted; the kernel cuts it down to
 * net.core.somaxconn. */
#define BACKLOG 4096

/* A port of digits alone, so that "+25", " 25" and "25x" are refused. */
static int
parse_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long port;

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return -1;
	port = strtol(text, NULL, 10);
	return port <= 65535 ? (int)port : -1;
}

static socklen_t
parse_host(const char *host, int is_ipv6, int port, union listen_address *a)
{
	memset(a, 0, sizeof(*a));
	if (is_ipv6) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host, &a->in6.sin6_addr) != 1)
			return 0;
		return sizeof(a->in6);
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &a->in.sin_addr) != 1)
		return 0;
	return sizeof(a->in);
}

static socklen_t
parse_path(
    const char *text, union listen_address *address, char *why, size_t size)
{
	size_t length = strlen(text);

	memset(address, 0, sizeof(*address));
	address->un.sun_family = AF_UNIX;
	if (length < sizeof(address->un.sun_path)) {
		memcpy(address->un.sun_path, text, length);
		return (socklen_t)sizeof(address->un);
	}
	snprintf(why, size, "'%s' is too long for a UNIX socket", text);
	return 0;
}

socklen_t
listen_parse(
    const char *text, union listen_address *address, char *why, size_t size)
{
	char host[LISTEN_TEXT_MAX];
	const char *colon = strrchr(text, ':'), *start = text, *end = colon;
	int port, is_ipv6 = text[0] == '[';
	socklen_t length;

	if (text[0] == '/')
		return parse_path(text, address, why, size);
	if (colon == NULL) {
		snprintf(
		    why, size, "'%s' has no port, as in 127.0.0.1:110", text);
		return 0;
	}
	if ((port = parse_port(colon + 1)) == -1) {
		snprintf(why, size, "'%s' has no port from 0 to 65535", text);
		return 0;
	}
	if (is_ipv6) {
		start++;
		end = colon[-1] == ']' ? colon - 1 : start;
	}
	if (end <= start || (size_t)(end - start) >= sizeof(host)) {
		snprintf(why, size, "'%s' is no address", text);
		return 0;
	}
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	length = parse_host(host, is_ipv6, port, address);
	if (length == 0)
		snprintf(why, size,
		    "'%s' is neither an IPv4 address nor an IPv6 address in "
		    "brackets",
		    text);
	return length;
}

int
listen_check(const char *text, char *why, size_t size)
{
	union listen_address address;

	if (listen_is_named(text))
		return listen_check_name(text, why, size);
	return listen_parse(text, &address, why, size) != 0 ? 0 : -1;
}

/* A socket bound to the address; -1 with errno. */
static int
open_bound(const union listen_address *a, socklen_t length, int is_shared)
{
	const int on = 1;
	int fd, saved;

	fd = socket(
	    a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		goto failed;
	if (is_shared &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == -1)
		goto failed;
	if (a->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		goto failed;
	if (bind(fd, &a->any, length) == 0)
		return fd;
failed:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/*
 * SO_REUSEPORT would let a second server of the same user share the port in
 * silence, so a socket without it tries the address first.
 */
static int
is_free(const union listen_address *a, socklen_t length)
{
	int fd = open_bound(a, length, 0);

	if (fd == -1)
		return 0;
	close(fd);
	return 1;
}

/* Opens one more; a port that the system chose is kept for the next ones. */
static int
open_listener(union listen_address *a, socklen_t length)
{
	const int on = 1;
	int fd, saved;

	if ((fd = open_bound(a, length, 1)) == -1)
		return -1;
	/* Replies are written whole, so none need wait for more; accepted
	 * sockets inherit this. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	    getsockname(fd, &a->any, &length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* The next of a set: workers share one queue of a UNIX socket. */
static int
open_next(union listen_address *a, socklen_t length, const int *fds, unsigned i)
{
	struct listen_file file;

	if (a->any.sa_family != AF_UNIX)
		return open_listener(a, length);
	return i == 0 ? listen_path_open(
			    a->un.sun_path, &listen_access_default, &file)
		      : fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
}

static int
open_all(const char *text, int *fds, unsigned count, int is_alone, char *why,
    size_t size)
{
	union listen_address address;
	socklen_t length;
	unsigned i = 0;

	if ((length = listen_parse(text, &address, why, size)) == 0)
		return -1;
	if (is_alone && address.any.sa_family != AF_UNIX &&
	    !is_free(&address, length))
		goto failed;
	for (; i < count; i++)
		if ((fds[i] = open_next(&address, length, fds, i)) == -1)
			goto failed;
	return 0;
failed:
	snprintf(why, size, "%s: %s", text, strerror(errno));
	while (i > 0)
		close(fds[--i]);
	return -1;
}

int
listen_open(const char *text, int *fds, unsigned count, char *why, size_t size)
{
	return open_all(text, fds, count, 1, why, size);
}

int
listen_open_beside(
    const char *text, int *fds, unsigned count, char *why, size_t size)
{
	return open_all(text, fds, count, 0, why, size);
}

void
listen_text(const union listen_address *address, char *to)
{
	const struct in6_addr *a = &address->in6.sin6_addr;
	const char *done;

	if (address->any.sa_family == AF_UNIX) {
		to[0] = '\0';
		return;
	}
	if (address->any.sa_family == AF_INET)
		done = inet_ntop(
		    AF_INET, &address->in.sin_addr, to, LISTEN_TEXT_MAX);
	else if (address->any.sa_family != AF_INET6)
		done = NULL;
	else if (IN6_IS_ADDR_V4MAPPED(a))
		done = inet_ntop(AF_INET, &a->s6_addr[12], to, LISTEN_TEXT_MAX);
	else
		done = inet_ntop(AF_INET6, a, to, LISTEN_TEXT_MAX);
	if (done == NULL)
		snprintf(to, LISTEN_TEXT_MAX, "-");
}

int
listen_is_loopback(const union listen_address *address)
{
	const struct in6_addr *a = &address->in6.sin6_addr;

	if (address->any.sa_family == AF_UNIX)
		return 1;
	if (address->any.sa_family == AF_INET)
		return ntohl(address->in.sin_addr.s_addr) >> 24 == 127;
	if (address->any.sa_family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(a))
		return a->s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(a);
}
