#include "heritage.h"

#include "listen.h"
#include "log.h"
#include "super_exec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ENV_SOCKETS "RINGMAIL_SOCKETS"
#define ENV_SEAL    "RINGMAIL_SEAL"
#define ENV_METER   "RINGMAIL_METER"

/* Helpers, each for smtpd, pop3d and mailctl, and where metrics are shown. */
#define SOCKETS_MOST 96
#define SEAL_MOST    64
#define FIRST_PASSED 3 /* SD_LISTEN_FDS_START */
#define NAME_SIZE    sizeof(((struct sockaddr_un *)0)->sun_path)

struct held {
	int fd; /* -1: it was asked for */
	int is_passed;
	char name[NAME_SIZE];
};

static struct held taken[SOCKETS_MOST], noted[SOCKETS_MOST];
static size_t count_taken, count_noted;
static unsigned char seal_taken[SEAL_MOST];
static size_t seal_length;
static int seal_given = -1;
/* What was counted. */
static struct counted {
	int is_there;
	uint32_t layout;
	int fds[3];
} meter_taken, meter_noted;

static int
listens(int fd)
{
	socklen_t length = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) ==
		   0 &&
	       value == 1;
}

/* The one way to write this address to name[NAME_SIZE], "" where there is none.
 */
static void
put_name(char *name, const union listen_address *a)
{
	char host[INET6_ADDRSTRLEN] = "";

	name[0] = '\0';
	if (a->any.sa_family == AF_UNIX) {
		snprintf(name, NAME_SIZE, "%.*s", (int)NAME_SIZE - 1,
		    a->un.sun_path);
	} else if (a->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->in.sin_addr, host, sizeof(host));
		snprintf(name, NAME_SIZE, "%s:%d", host, ntohs(a->in.sin_port));
	} else if (a->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->in6.sin6_addr, host, sizeof(host));
		snprintf(
		    name, NAME_SIZE, "[%s]:%d", host, ntohs(a->in6.sin6_port));
	}
}

/* Likewise of an address as a conf has it. */
static void
put_name_of(char *name, const char *address)
{
	union listen_address a = {.any.sa_family = AF_UNSPEC};
	char why[1];

	listen_parse(address, &a, why, sizeof(why));
	put_name(name, &a);
}

static void
take_sockets(char *text)
{
	struct held *h;
	char *line, *name;

	while ((line = strsep(&text, "\n")) != NULL &&
	       count_taken < SOCKETS_MOST) {
		h = &taken[count_taken];
		h->fd = (int)strtol(line, &name, 10);
		h->is_passed = *name == '*';
		if ((*name != ' ' && *name != '*') ||
		    strlen(++name) >= sizeof(h->name) || !listens(h->fd))
			continue;
		super_exec_keep(h->fd, 0);
		snprintf(h->name, sizeof(h->name), "%s", name);
		count_taken++;
	}
}

static void
take_seal(const char *text)
{
	int fd = (int)strtol(text, NULL, 10);
	ssize_t n = pread(fd, seal_taken, sizeof(seal_taken), 0);

	seal_length = n > 0 ? (size_t)n : 0;
	close(fd);
}

static void
take_meter(char *text)
{
	struct counted *c = &meter_taken;

	c->layout = (uint32_t)strtoul(text, &text, 10);
	for (unsigned i = 0; i < 3; i++) {
		c->fds[i] = (int)strtol(text, &text, 10);
		super_exec_keep(c->fds[i], 0);
	}
	c->is_there = 1;
}

/* sd_listen_fds(3) */
static void
take_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	union listen_address a;
	socklen_t length;
	int end = 0;

	if (pid != NULL && count != NULL &&
	    strtol(pid, NULL, 10) == (long)getpid())
		end = FIRST_PASSED + (int)strtol(count, NULL, 10);
	for (int fd = FIRST_PASSED; fd < end && count_taken < SOCKETS_MOST;
	     fd++) {
		struct held h = {.fd = fd, .is_passed = 1};

		memset(&a, 0, sizeof(a));
		length = sizeof(a) - 1;
		if (listens(fd) && getsockname(fd, &a.any, &length) == 0)
			put_name(h.name, &a);
		if (h.name[0] == '\0' || fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
			log_warn("socket.passed", log_int("fd", fd));
			continue;
		}
		super_exec_keep(fd, 0);
		taken[count_taken++] = h;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static void
forget(void)
{
	unsetenv(ENV_SOCKETS);
	unsetenv(ENV_SEAL);
	unsetenv(ENV_METER);
}

void
heritage_take(void)
{
	char *sockets = getenv(ENV_SOCKETS), *seal = getenv(ENV_SEAL);
	char *meter = getenv(ENV_METER);

	if (super_exec_is_heir()) {
		if (sockets != NULL)
			take_sockets(sockets);
		if (seal != NULL)
			take_seal(seal);
		if (meter != NULL)
			take_meter(meter);
	}
	forget();
	take_passed();
}

int
heritage_socket(const char *address, int *is_passed)
{
	char name[NAME_SIZE];
	int fd;

	put_name_of(name, address);
	for (size_t i = 0; i < count_taken; i++)
		if (taken[i].fd != -1 && strcmp(taken[i].name, name) == 0) {
			fd = taken[i].fd;
			taken[i].fd = -1;
			*is_passed = taken[i].is_passed;
			return fd;
		}
	return -1;
}

int
heritage_seal(unsigned char *seal, size_t size)
{
	int has = seal_length == size;

	if (has)
		memcpy(seal, seal_taken, size);
	explicit_bzero(seal_taken, sizeof(seal_taken));
	seal_length = 0;
	return has;
}

int
heritage_meter(uint32_t layout, int *memory, int park[2])
{
	struct counted *c = &meter_taken;

	if (!c->is_there || c->layout != layout)
		return 0;
	c->is_there = 0;
	*memory = c->fds[0];
	memcpy(park, c->fds + 1, 2 * sizeof(int));
	return 1;
}

void
heritage_end(void)
{
	for (size_t i = 0; i < count_taken; i++)
		if (taken[i].fd != -1) {
			close(taken[i].fd);
			if (!taken[i].is_passed && taken[i].name[0] == '/')
				unlink(taken[i].name);
		}
	count_taken = 0;
	for (unsigned i = 0; i < 3 && meter_taken.is_there; i++)
		close(meter_taken.fds[i]);
	meter_taken.is_there = 0;
}

void
heritage_note(int fd, const char *address, int is_passed)
{
	if (count_noted == SOCKETS_MOST)
		panic("heritage: more sockets than helpers have");
	noted[count_noted].fd = fd;
	noted[count_noted].is_passed = is_passed;
	put_name_of(noted[count_noted].name, address);
	count_noted++;
}

int
heritage_is_passed(const char *path)
{
	for (size_t i = 0; i < count_noted; i++)
		if (strcmp(noted[i].name, path) == 0)
			return noted[i].is_passed;
	return 0;
}

void
heritage_note_meter(uint32_t layout, int memory, const int park[2])
{
	meter_noted = (struct counted){
	    .is_there = 1, .layout = layout, .fds = {memory, park[0], park[1]}};
}

static void
keep_meter(int is_kept)
{
	for (unsigned i = 0; i < 3 && meter_noted.is_there; i++)
		super_exec_keep(meter_noted.fds[i], is_kept);
}

/* Without it the next program begins to count anew. */
static void
give_meter(void)
{
	const struct counted *c = &meter_noted;
	char text[64];

	if (!c->is_there)
		return;
	keep_meter(1);
	snprintf(text, sizeof(text), "%u %d %d %d", (unsigned)c->layout,
	    c->fds[0], c->fds[1], c->fds[2]);
	if (setenv(ENV_METER, text, 1) == -1)
		log_warn("meter.not_shared", log_errno(errno));
}

/* 0, or -1 with errno. */
static int
give_seal(const unsigned char *seal, size_t size)
{
	char text[24];

	if ((seal_given = memfd_create("seal", 0)) == -1)
		return -1;
	snprintf(text, sizeof(text), "%d", seal_given);
	if (write(seal_given, seal, size) != (ssize_t)size) {
		errno = ENOSPC;
		return -1;
	}
	return setenv(ENV_SEAL, text, 1);
}

int
heritage_give(const unsigned char *seal, size_t size)
{
	static char text[SOCKETS_MOST * (sizeof(noted[0].name) + 16)];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count_noted; i++) {
		super_exec_keep(noted[i].fd, 1);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%d%c%s\n",
		    noted[i].fd, noted[i].is_passed ? '*' : ' ', noted[i].name);
	}
	if (give_seal(seal, size) == -1)
		return -1;
	give_meter();
	return setenv(ENV_SOCKETS, text, 1);
}

void
heritage_keep(void)
{
	for (size_t i = 0; i < count_noted; i++)
		super_exec_keep(noted[i].fd, 0);
	if (seal_given != -1)
		close(seal_given);
	seal_given = -1;
	keep_meter(0);
	forget();
}
