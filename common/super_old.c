#include "super_old.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static pid_t old[SUPER_OLD_MAX];
static unsigned count;
static void (*tell_of_end)(pid_t pid);

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
super_old_has(pid_t pid)
{
	for (unsigned i = 0; i < count; i++)
		if (old[i] == pid)
			return 1;
	return 0;
}

void
super_old_watch(void (*ended)(pid_t pid))
{
	tell_of_end = ended;
}

int
super_old_remove(pid_t pid)
{
	unsigned i = 0;

	while (i < count && old[i] != pid)
		i++;
	if (i == count)
		return 0;
	old[i] = old[--count];
	if (tell_of_end != NULL)
		tell_of_end(pid);
	return 1;
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
