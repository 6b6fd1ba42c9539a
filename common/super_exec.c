#include "super_exec.h"

#include "clock.h"
#include "log.h"
#include "super_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENV_PID	   "RINGMAIL_PID" /* whom it is for */
#define DELETED	   " (deleted)"	  /* proc(5) */
#define TRY_WITHIN (10 * CLOCK_SECOND)
#define LOOK_EVERY (10 * CLOCK_MILLISECOND)

static struct {
	char program[PATH_MAX];
	char **argv;
} own;

void
super_exec_begin(char **argv)
{
	ssize_t n =
	    readlink("/proc/self/exe", own.program, sizeof(own.program) - 1);
	char *gone;

	own.program[n > 0 ? n : 0] = '\0';
	/* It was replaced already. */
	if ((gone = strstr(own.program, DELETED)) != NULL &&
	    gone[strlen(DELETED)] == '\0')
		*gone = '\0';
	own.argv = argv;
}

int
super_exec_is_heir(void)
{
	const char *text = getenv(ENV_PID);
	int is_heir = text != NULL && strtol(text, NULL, 10) == (long)getpid();

	unsetenv(ENV_PID);
	return is_heir;
}

/* In the child: the program says whether it can begin, and how not. */
static _Noreturn void
try(const char *conf)
{
	char *args[] = {strdup(own.program), strdup("-n"), strdup("-c"),
	    strdup(conf), NULL};
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd != -1)
		dup2(fd, STDOUT_FILENO);
	execv(own.program, args);
	_exit(127);
}

/* Its exit code; -1 with errno. */
static int
wait_for(pid_t pid)
{
	const struct timespec nap = {.tv_nsec = LOOK_EVERY};
	int64_t until = clock_after(TRY_WITHIN);
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		if (clock_now() >= until) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&nap, NULL);
	}
	if (got == -1)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int
super_exec_try(const char *conf)
{
	pid_t pid;
	int code;

	fflush(NULL);
	if ((pid = fork()) == 0)
		try(conf);
	code = pid == -1 ? -1 : wait_for(pid);
	if (code == -1)
		log_error("upgrade.refused", log_text("program", own.program),
		    log_errno(errno));
	else if (code != 0)
		log_error("upgrade.refused", log_text("program", own.program),
		    log_int("code", code));
	return code == 0 ? 0 : -1;
}

void
super_exec_keep(int fd, int is_kept)
{
	if (fcntl(fd, F_SETFD, is_kept ? 0 : FD_CLOEXEC) == -1)
		log_warn("upgrade.socket", log_int("fd", fd), log_errno(errno));
}

void
super_exec_run(void)
{
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (setenv(ENV_PID, pid, 1) == 0) {
		log_info("upgrade.begin", log_text("program", own.program));
		fflush(NULL);
		super_pid_hand_on(1);
		execv(own.program, own.argv);
	}
	log_error("upgrade.refused", log_text("program", own.program),
	    log_errno(errno));
	super_pid_hand_on(0);
	unsetenv(ENV_PID);
}
