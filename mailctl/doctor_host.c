/* The machine: its clock and its limits. */
#include "doctor_parts.h"

#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds of 2026-01-01: this program is younger. */
#define YOUNGEST 1767225600
/* ms by which a clock may be off before tokens and certificates suffer. */
#define ERROR_MOST 1000000

void
doctor_host_clock(
    struct doctor *d, time_t now, int state, const struct timex *t)
{
	if (now < YOUNGEST)
		doctor_say(d, DOCTOR_ERROR,
		    "set the clock, and install chrony or systemd-timesyncd",
		    "the clock is years behind: certificates and log lines "
		    "will be wrong");
	else if (state == -1)
		doctor_say(d, DOCTOR_NOTE, NULL,
		    "whether the clock is kept right can't be told: %s",
		    strerror(errno));
	else if (state == TIME_ERROR || t->status & STA_UNSYNC)
		doctor_say(d, DOCTOR_WARN,
		    "install chrony or systemd-timesyncd (on a virtual "
		    "machine, its host may keep the time)",
		    "nobody keeps this machine's clock right");
	else if (t->maxerror > ERROR_MOST)
		doctor_say(d, DOCTOR_WARN, "see chronyc tracking",
		    "the clock may be off by %ld s", t->maxerror / 1000000);
	else
		doctor_say(d, DOCTOR_GOOD, NULL,
		    "the clock is kept right, to %ld ms", t->maxerror / 1000);
}

void
doctor_clock(struct doctor *d)
{
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);

	doctor_host_clock(d, time(NULL), state, &t);
}

/* The number in a file of /proc; -1. */
static long long
read_number(const char *path)
{
	char text[64];
	long long number = -1;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -1;
	if (fgets(text, sizeof(text), file) != NULL)
		number = strtoll(text, NULL, 10);
	fclose(file);
	return number;
}

/* How many files a process may have open, hard; -1. */
static long long
files_limit(long pid)
{
	char path[64], line[256], *at;
	long long limit = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/limits", pid);
	if ((file = fopen(path, "re")) == NULL)
		return -1;
	while (limit == -1 && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "Max open files", 14) != 0)
			continue;
		/* The soft one is raised by the program itself. */
		strtoll(line + 14, &at, 10);
		limit = strtoll(at, NULL, 10);
	}
	fclose(file);
	return limit;
}

void
doctor_host_files(
    struct doctor *d, const char *program, long long limit, long long sessions)
{
	long long wanted = 2 * sessions + 1024;

	if (limit >= wanted)
		doctor_say(d, DOCTOR_GOOD, NULL, "%s may have %lld files open",
		    program, limit);
	else
		doctor_say(d, DOCTOR_WARN,
		    "LimitNOFILE= in its unit (systemctl edit), ulimit -n "
		    "where it has none, or fewer sessions in the block limits "
		    "of its conf",
		    "%s may have %lld files open, and wants %lld for %lld "
		    "sessions",
		    program, limit, wanted, sessions);
}

/* A service's sessions, and whether it may have the files for them; 0 where
 * that is not known. */
static long long
check_service(struct doctor *d, enum doctor_service s)
{
	long long sessions = doctor_number(d, s, "limits.sessions"), limit;
	long pid = doctor_pid(d, s);

	if (sessions <= 0)
		return 0;
	if (pid != 0 && (limit = files_limit(pid)) != -1)
		doctor_host_files(d, program_names[s], limit, sessions);
	return sessions;
}

void
doctor_host_limits(
    struct doctor *d, long long backlog, long long files, long long sessions)
{
	if (backlog != -1 && backlog < 1024)
		doctor_say(d, DOCTOR_WARN,
		    "sysctl net.core.somaxconn=4096, and a file in "
		    "/etc/sysctl.d that says so",
		    "the kernel holds %lld new connections a port: a burst "
		    "of clients is refused",
		    backlog);
	else if (backlog != -1)
		doctor_say(d, DOCTOR_GOOD, NULL,
		    "the kernel holds %lld new connections a port", backlog);
	if (files != -1 && files < 2 * sessions + 4096)
		doctor_say(d, DOCTOR_WARN, "sysctl fs.file-max=1000000",
		    "all processes together may have %lld files open, for "
		    "%lld sessions",
		    files, sessions);
}

void
doctor_limits(struct doctor *d)
{
	long long sessions = check_service(d, DOCTOR_SMTPD);

	sessions += check_service(d, DOCTOR_POP3D);
	doctor_host_limits(d, read_number("/proc/sys/net/core/somaxconn"),
	    read_number("/proc/sys/fs/file-max"), sessions);
}
