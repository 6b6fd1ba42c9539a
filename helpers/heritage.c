#include "heritage.h"

#include "log.h"
#include "super_exec.h"

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

/* Helpers, each for smtpd, pop3d and mailctl. */
#define SOCKETS_MOST 96
#define SEAL_MOST    64
#define FIRST_PASSED 3 /* SD_LISTEN_FDS_START */

struct held {
	int fd; /* -1: it was asked for */
	int is_passed;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static struct held taken[SOCKETS_MOST], noted[SOCKETS_MOST];
static size_t count_taken, count_noted;
static unsigned char seal_taken[SEAL_MOST];
static size_t seal_length;
static int seal_given = -1;

static int
listens(int fd)
{
	socklen_t length = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) ==
		   0 &&
	       value == 1;
}

static void
take_sockets(char *text)
{
	struct held *h;
	char *line, *path;

	while ((line = strsep(&text, "\n")) != NULL &&
	       count_taken < SOCKETS_MOST) {
		h = &taken[count_taken];
		h->fd = (int)strtol(line, &path, 10);
		h->is_passed = *path == '*';
		if ((*path != ' ' && *path != '*') ||
		    strlen(++path) >= sizeof(h->path) || !listens(h->fd))
			continue;
		super_exec_keep(h->fd, 0);
		snprintf(h->path, sizeof(h->path), "%s", path);
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

/* sd_listen_fds(3) */
static void
take_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	struct sockaddr_un a;
	socklen_t length;
	struct held *h;
	int end = 0;

	if (pid != NULL && count != NULL &&
	    strtol(pid, NULL, 10) == (long)getpid())
		end = FIRST_PASSED + (int)strtol(count, NULL, 10);
	for (int fd = FIRST_PASSED; fd < end && count_taken < SOCKETS_MOST;
	     fd++) {
		memset(&a, 0, sizeof(a));
		length = sizeof(a) - 1;
		if (!listens(fd) ||
		    getsockname(fd, (struct sockaddr *)&a, &length) == -1 ||
		    a.sun_family != AF_UNIX) {
			log_warn("socket.passed", log_int("fd", fd));
			continue;
		}
		super_exec_keep(fd, 0);
		h = &taken[count_taken++];
		*h = (struct held){.fd = fd, .is_passed = 1};
		snprintf(h->path, sizeof(h->path), "%.*s",
		    (int)sizeof(a.sun_path) - 1, a.sun_path);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

void
heritage_take(void)
{
	char *sockets = getenv(ENV_SOCKETS), *seal = getenv(ENV_SEAL);

	if (super_exec_is_heir()) {
		if (sockets != NULL)
			take_sockets(sockets);
		if (seal != NULL)
			take_seal(seal);
	}
	unsetenv(ENV_SOCKETS);
	unsetenv(ENV_SEAL);
	take_passed();
}

int
heritage_socket(const char *path, int *is_passed)
{
	int fd;

	for (size_t i = 0; i < count_taken; i++)
		if (taken[i].fd != -1 && strcmp(taken[i].path, path) == 0) {
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

void
heritage_end(void)
{
	for (size_t i = 0; i < count_taken; i++)
		if (taken[i].fd != -1) {
			close(taken[i].fd);
			if (!taken[i].is_passed)
				unlink(taken[i].path);
		}
	count_taken = 0;
}

void
heritage_note(int fd, const char *path, int is_passed)
{
	if (count_noted == SOCKETS_MOST)
		panic("heritage: more sockets than helpers have");
	noted[count_noted].fd = fd;
	noted[count_noted].is_passed = is_passed;
	snprintf(noted[count_noted].path, sizeof(noted[0].path), "%s", path);
	count_noted++;
}

int
heritage_is_passed(const char *path)
{
	for (size_t i = 0; i < count_noted; i++)
		if (strcmp(noted[i].path, path) == 0)
			return noted[i].is_passed;
	return 0;
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
	static char text[SOCKETS_MOST * (sizeof(noted[0].path) + 16)];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count_noted; i++) {
		super_exec_keep(noted[i].fd, 1);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%d%c%s\n",
		    noted[i].fd, noted[i].is_passed ? '*' : ' ', noted[i].path);
	}
	if (give_seal(seal, size) == -1)
		return -1;
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
	unsetenv(ENV_SOCKETS);
	unsetenv(ENV_SEAL);
}
