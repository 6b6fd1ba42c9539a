#include "super_old.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static pid_t old[SUPER_OLD_MAX];
static unsigned count;

int
super_old_add(pid_t pid)
{
	siginfo_t info;

	/* Also what has ended is one of ours until it is waited for. */
	if (pid <= 1 || waitid(P_PID, (id_t)pid, &info,
			    WEXITED | WNOHANG | WNOWAIT) == -1) {
		errno = ECHILD;
		return -1;
	}
	if (count == SUPER_OLD_MAX) {
		errno = ENOSPC;
		return -1;
	}
	old[count++] = pid;
	return 0;
}

int
super_old_remove(pid_t pid)
{
	for (unsigned i = 0; i < count; i++)
		if (old[i] == pid) {
			old[i] = old[--count];
			return 1;
		}
	return 0;
}

unsigned
super_old_signal(int number)
{
	for (unsigned i = 0; i < count; i++)
		kill(old[i], number);
	return count;
}

unsigned
super_old_list(char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < count && at < size; i++)
		at +=
		    (size_t)snprintf(text + at, size - at, "%d ", (int)old[i]);
	return count;
}
