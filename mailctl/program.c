#include "program.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define OPTIONS	  6
/* Octets of a line that a program says. */
#define LINE_SIZE 2048

const char *const program_names[] = {"smtpd", "pop3d", "helpers", NULL};

/* Where the program lies; 0, or -1 after a line. */
static int
find(const char *name, char *path, size_t size)
{
	static const char *const places[] = {"../libexec/ringmail/", ""};
	char own[PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[n > 0 ? n : 0] = '\0';
	if (strrchr(own, '/') != NULL)
		strrchr(own, '/')[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, size, "%s%s%s", own, places[i], name);
		if (access(path, X_OK) == 0)
			return 0;
	}
	warnx("there is no program %s beside mailctl: install all of ringmail",
	    name);
	return -1;
}

static void
path_of_conf(char *path, const char *name, const char *folder)
{
	snprintf(path, PATH_SIZE, "%s/%s.conf", folder, name);
}

int
program_has_conf(const char *name, const char *folder)
{
	char path[PATH_SIZE];

	path_of_conf(path, name, folder);
	return access(path, F_OK) == 0;
}

int
program_check_folder(const char *folder)
{
	for (int i = 0; program_names[i] != NULL; i++)
		if (program_has_conf(program_names[i], folder))
			return 0;
	warnx("there is no smtpd.conf, pop3d.conf or helpers.conf in %s: name "
	      "their folder by -c, or write them by mailctl init",
	    folder[0] == '\0' ? "/" : folder);
	return -1;
}

/* What a program is run for, and with; descriptors are -1 where it has
 * mailctl's own. */
struct run {
	const char *name, *folder;
	const char *const *options;
	int in, out, err;
};

/* In the child. */
static _Noreturn void
become(const char *path, const char *conf, const struct run *r)
{
	const char *args[OPTIONS + 4] = {path, "-c", conf, NULL};

	for (int i = 0; i < OPTIONS && r->options[i] != NULL; i++)
		args[3 + i] = r->options[i];
	/* It changes none of them. */
	if ((r->in == -1 || dup2(r->in, STDIN_FILENO) != -1) &&
	    (r->out == -1 || dup2(r->out, STDOUT_FILENO) != -1) &&
	    (r->err == -1 || dup2(r->err, STDERR_FILENO) != -1))
		execv(path, (char *const *)(uintptr_t)args);
	warn("%s", path);
	_exit(127);
}

/* Its pid, or -1 after a line. */
static pid_t
begin(const struct run *r)
{
	char path[PATH_SIZE + 64], conf[PATH_SIZE];
	pid_t pid;

	path_of_conf(conf, r->name, r->folder);
	if (find(r->name, path, sizeof(path)) == -1)
		return -1;
	fflush(stdout);
	if ((pid = fork()) == 0)
		become(path, conf, r);
	if (pid == -1)
		warn("fork");
	return pid;
}

/* All that comes out of fd, of which size octets are kept. */
static void
take_output(int fd, char *out, size_t size)
{
	char rest[512];
	size_t length = 0;
	ssize_t n;

	for (;;) {
		if (length + 1 < size)
			n = read(fd, out + length, size - 1 - length);
		else
			n = read(fd, rest, sizeof(rest));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (length + 1 < size)
			length += (size_t)n;
	}
	out[length] = '\0';
	if (length > 0 && out[length - 1] == '\n')
		out[length - 1] = '\0';
}

/* Its exit code, or -1. */
static int
await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Hands on what was said: all of it is said again, or (why not NULL) the first
 * line is put there. */
static void
tell(FILE *said, const char *name, char *why, size_t size)
{
	size_t n = strlen(name);
	char line[LINE_SIZE];

	rewind(said);
	while (fgets(line, sizeof(line), said) != NULL) {
		if (why == NULL) {
			fputs(line, stderr);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, n) == 0 &&
		    strncmp(line + n, ": ", 2) == 0)
			n += 2;
		else
			n = 0;
		snprintf(why, size, "%s", line + n);
		break;
	}
}

static int
run(struct run *r, char *out, size_t size)
{
	int pipe[2] = {-1, -1}, code = -1;
	pid_t pid;

	if (out != NULL && pipe2(pipe, O_CLOEXEC) == -1) {
		warn("pipe");
		return -1;
	}
	r->out = pipe[1];
	pid = begin(r);
	if (out != NULL) {
		close(pipe[1]);
		take_output(pipe[0], out, size);
		close(pipe[0]);
	}
	if (pid != -1)
		code = await(pid);
	return code;
}

int
program_ask(const char *name, const char *folder, const char *const *options,
    char *out, size_t size, char *why, size_t why_size)
{
	int code, fd = memfd_create(name, MFD_CLOEXEC);
	struct run r = {name, folder, options, -1, -1, fd};
	FILE *said = fd == -1 ? NULL : fdopen(fd, "r");

	if (why != NULL)
		why[0] = '\0';
	if (said == NULL) {
		warn("no memory for what %s says", name);
		if (fd != -1)
			close(fd);
		return -1;
	}
	code = run(&r, out, size);
	tell(said, name, why, why_size);
	fclose(said);
	return code;
}

int
program_run(const char *name, const char *folder, const char *const *options,
    char *out, size_t size)
{
	return program_ask(name, folder, options, out, size, NULL, 0);
}

pid_t
program_start(const char *name, const char *folder)
{
	static const char *const options[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct run r = {name, folder, options, null, null, null};
	pid_t pid;

	if (null == -1) {
		warn("/dev/null");
		return -1;
	}
	pid = begin(&r);
	close(null);
	return pid;
}
