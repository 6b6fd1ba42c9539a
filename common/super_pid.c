#include "super_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENV_FILE "RINGMAIL_PID_FILE" /* its descriptor */

static int held = -1;

static int
open_beside(const char *run, int flags)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s.pid", run) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(
	    path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);
}

static int
fail_with(int fd, int code)
{
	close(fd);
	errno = code;
	return -1;
}

/* Whether the process has this real uid. */
static bool
is_of(long pid, uid_t uid)
{
	char path[64], line[256];
	bool is_his = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	if ((file = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "Uid:", 4) == 0) {
			is_his = strtoul(line + 4, NULL, 10) == uid;
			break;
		}
	fclose(file);
	return is_his;
}

void
super_pid_hand_on(int is_handed)
{
	char text[24];

	if (held == -1)
		return;
	snprintf(text, sizeof(text), "%d", held);
	if (!is_handed)
		unsetenv(ENV_FILE);
	else if (setenv(ENV_FILE, text, 1) == -1)
		return;
	fcntl(held, F_SETFD, is_handed ? 0 : FD_CLOEXEC);
}

/* What the program before has handed on, where it is the file that fd is of;
 * -1: there is none. */
static int
take_handed(int fd)
{
	const char *text = getenv(ENV_FILE);
	struct stat st, handed;
	int before = text != NULL ? (int)strtol(text, NULL, 10) : -1;

	unsetenv(ENV_FILE);
	if (before <= STDERR_FILENO || fstat(fd, &st) == -1 ||
	    fstat(before, &handed) == -1 || st.st_dev != handed.st_dev ||
	    st.st_ino != handed.st_ino ||
	    fcntl(before, F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	return before;
}

int
super_pid_write(const char *run)
{
	int fd = open_beside(run, O_RDWR | O_CREAT);

	if (fd == -1)
		return -1;
	/* This process has written it, and holds it locked. */
	if ((held = take_handed(fd)) != -1) {
		close(fd);
		return 0;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || ftruncate(fd, 0) == -1 ||
	    fchmod(fd, 0644) == -1)
		return fail_with(fd, errno);
	if (dprintf(fd, "%d\n", (int)getpid()) < 0)
		return fail_with(fd, EIO);
	held = fd; /* it stays open, and locked */
	return 0;
}

pid_t
super_pid_read(const char *run)
{
	int fd = open_beside(run, O_RDONLY);
	struct stat st;
	char text[32];
	ssize_t n;
	long pid;

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		close(fd);
		return 0;
	}
	if (errno != EWOULDBLOCK || fstat(fd, &st) == -1)
		return fail_with(fd, errno);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	pid = strtol(text, NULL, 10);
	if (pid > 1 && (st.st_uid == 0 || is_of(pid, st.st_uid)))
		return (pid_t)pid;
	errno = pid > 1 ? EPERM : EINVAL;
	return -1;
}
