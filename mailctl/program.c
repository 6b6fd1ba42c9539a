#include "program.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define OPTIONS	  6

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

/* In the child. */
static _Noreturn void
become(const char *path, const char *conf, const char *const *options, int out)
{
	const char *args[OPTIONS + 4] = {path, "-c", conf, NULL};

	for (int i = 0; i < OPTIONS && options[i] != NULL; i++)
		args[3 + i] = options[i];
	/* It changes none of them. */
	if (out == -1 || dup2(out, STDOUT_FILENO) != -1)
		execv(path, (char *const *)(uintptr_t)args);
	warn("%s", path);
	_exit(127);
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

int
program_run(const char *name, const char *folder, const char *const *options,
    char *out, size_t size)
{
	char path[PATH_SIZE + 64], conf[PATH_SIZE];
	int pipe[2] = {-1, -1}, status;
	pid_t pid;

	path_of_conf(conf, name, folder);
	if (find(name, path, sizeof(path)) == -1)
		return -1;
	fflush(stdout);
	if (out != NULL && pipe2(pipe, O_CLOEXEC) == -1) {
		warn("pipe");
		return -1;
	}
	if ((pid = fork()) == 0)
		become(path, conf, options, pipe[1]);
	if (out != NULL) {
		close(pipe[1]);
		take_output(pipe[0], out, size);
		close(pipe[0]);
	}
	if (pid == -1) {
		warn("fork");
		return -1;
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

pid_t
program_start(const char *name, const char *folder)
{
	static const char *const options[] = {NULL};
	char path[PATH_SIZE + 64], conf[PATH_SIZE];
	pid_t pid;
	int null;

	path_of_conf(conf, name, folder);
	if (find(name, path, sizeof(path)) == -1)
		return -1;
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1) {
		warn("/dev/null");
		return -1;
	}
	fflush(stdout);
	if ((pid = fork()) == 0) {
		if (dup2(null, STDIN_FILENO) != -1 &&
		    dup2(null, STDERR_FILENO) != -1)
			become(path, conf, options, null);
		_exit(127);
	}
	if (pid == -1)
		warn("fork");
	close(null);
	return pid;
}
