#include "listen_given.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST  3 /* SD_LISTEN_FDS_START */
#define PREFIX "systemd:"
/* sd_listen_fds_with_names(3) */
#define NAME_MAX_LENGTH 255

struct given {
	int fd;
	int is_used;
	int is_own; /* of the program whose place we take */
	char *name; /* NULL: memory was out, or it has none */
	union listen_address address;
};

static struct given given[LISTEN_GIVEN_MAX];
static size_t count_given;

int
listen_is_named(const char *text)
{
	return strncmp(text, PREFIX, sizeof(PREFIX) - 1) == 0;
}

int
listen_check_name(const char *text, char *why, size_t size)
{
	const char *name = text + sizeof(PREFIX) - 1;

	if (name[0] != '\0' && strlen(name) <= NAME_MAX_LENGTH &&
	    strchr(name, ':') == NULL)
		return 0;
	snprintf(why, size, "'%s' has no name of a socket unit", text);
	return -1;
}

/* A number of the environment; 0 where there is none. */
static long
number(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long value;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	value = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' ? value : 0;
}

static int
option(int fd, int name)
{
	int value = 0;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value
								      : -1;
}

/* Adds one, of this name.  0, or -1 where it is none that we can listen to. */
static int
add(int fd, const char *name, size_t length)
{
	struct given *g = &given[count_given];
	socklen_t size = sizeof(g->address);
	const int on = 1;
	int flags = fcntl(fd, F_GETFL);

	memset(g, 0, sizeof(*g));
	if (flags == -1 || option(fd, SO_TYPE) != SOCK_STREAM ||
	    option(fd, SO_ACCEPTCONN) != 1 ||
	    getsockname(fd, &g->address.any, &size) == -1 ||
	    (g->address.any.sa_family != AF_INET &&
		g->address.any.sa_family != AF_INET6 &&
		g->address.any.sa_family != AF_UNIX))
		return -1;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	/* As listen.c: accepted sockets inherit it. */
	if (g->address.any.sa_family != AF_UNIX &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		return -1;
	g->fd = fd;
	g->name = strndup(name, length);
	count_given++;
	return 0;
}

int
listen_given_take(char *why, size_t size)
{
	long count = number("LISTEN_FDS"), pid = number("LISTEN_PID");
	const char *names = getenv("LISTEN_FDNAMES");
	size_t length;
	int result = 0;

	if (count == 0 || pid != (long)getpid())
		return 0;
	if (names == NULL)
		names = "";
	if (count > LISTEN_GIVEN_MAX) {
		snprintf(why, size, "more than %d sockets were passed",
		    LISTEN_GIVEN_MAX);
		result = -1;
	}
	for (int fd = FIRST; fd < FIRST + count && result == 0; fd++) {
		length = strcspn(names, ":");
		if (add(fd, names, length) == -1) {
			snprintf(why, size,
			    "descriptor %d that was passed is no stream socket "
			    "that listens",
			    fd);
			result = -1;
		}
		names += length + (names[length] == ':');
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return result == 0 ? (int)count : -1;
}

static int
has_address(const struct given *g, const union listen_address *a)
{
	if (g->address.any.sa_family != a->any.sa_family)
		return 0;
	if (a->any.sa_family == AF_INET)
		return g->address.in.sin_port == a->in.sin_port &&
		       g->address.in.sin_addr.s_addr == a->in.sin_addr.s_addr;
	if (a->any.sa_family == AF_INET6)
		return g->address.in6.sin6_port == a->in6.sin6_port &&
		       IN6_ARE_ADDR_EQUAL(
			   &g->address.in6.sin6_addr, &a->in6.sin6_addr);
	return strncmp(g->address.un.sun_path, a->un.sun_path,
		   sizeof(a->un.sun_path)) == 0;
}

/* Those that text means, into which[LISTEN_GIVEN_MAX]: how many. */
static size_t
find(const char *text, struct given **which)
{
	int is_named = listen_is_named(text);
	union listen_address address;
	size_t count = 0;
	char why[1];

	if (!is_named && listen_parse(text, &address, why, sizeof(why)) == 0)
		return 0;
	for (size_t i = 0; i < count_given; i++)
		if (is_named ? given[i].name != NULL &&
				   strcmp(given[i].name,
				       text + sizeof(PREFIX) - 1) == 0
			     : has_address(&given[i], &address))
			which[count++] = &given[i];
	return count;
}

int
listen_given_adopt(int fd, const char *name)
{
	if (count_given == LISTEN_GIVEN_MAX ||
	    add(fd, name == NULL ? "" : name,
		name == NULL ? 0 : strlen(name)) == -1)
		return -1;
	given[count_given - 1].is_own = name == NULL;
	return 0;
}

int
listen_given_open(
    const char *text, int *fds, unsigned count, char *why, size_t size)
{
	struct given *which[LISTEN_GIVEN_MAX];
	size_t found = find(text, which);

	if (found == 0 && !listen_is_named(text))
		return 0;
	if (found == 0) {
		snprintf(why, size, "%s: no such socket was passed", text);
		return -1;
	}
	if (listen_is_named(text) && found > 1) {
		snprintf(why, size,
		    "%s: %zu sockets of this name were passed: write their "
		    "addresses",
		    text, found);
		return -1;
	}
	for (unsigned i = 0; i < count; i++) {
		fds[i] = fcntl(which[i % found]->fd, F_DUPFD_CLOEXEC, 0);
		if (fds[i] == -1) {
			snprintf(why, size, "%s: %s", text, strerror(errno));
			while (i > 0)
				close(fds[--i]);
			return -1;
		}
	}
	for (size_t i = 0; i < found; i++)
		which[i]->is_used = 1;
	return which[0]->is_own ? 2 : 1;
}

int
listen_given_next(size_t *i, const char **name)
{
	while (*i < count_given) {
		const struct given *g = &given[(*i)++];

		if (g->is_own)
			continue;
		*name = g->name == NULL ? "" : g->name;
		return g->fd;
	}
	return -1;
}

void
listen_given_close_own(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < count_given; i++) {
		if (given[i].is_own) {
			close(given[i].fd);
			free(given[i].name);
		} else {
			given[kept++] = given[i];
		}
	}
	count_given = kept;
}

const char *
listen_given_unused(size_t *i)
{
	while (*i < count_given) {
		const struct given *g = &given[(*i)++];

		if (!g->is_used)
			return g->name != NULL && g->name[0] != '\0' ? g->name
								     : "-";
	}
	return NULL;
}

void
listen_given_close(void)
{
	while (count_given > 0) {
		struct given *g = &given[--count_given];

		close(g->fd);
		free(g->name);
	}
}
