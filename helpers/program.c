#include "program.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* "active ", a name, a line feed, and one octet that is too much. */
#define ANSWER_MAX (WIRE_NAME_MAX + 8)
/* Between two looks at whether it has ended: ns. */
#define PAUSE (5 * CLOCK_MILLISECOND)

/* What one run may use: s, octets, processes of its user. */
#define CPU_MAX	      10
#define DATA_MAX      (UINT64_C(1) << 30)
#define PROCESSES_MAX 256

struct run {
	char *path;
	pid_t pid;
	int in, out; /* our ends, -1 where closed; in: what it reads */
	int64_t deadline;
	size_t length;
	char answer[ANSWER_MAX];
};

static void
limit(__rlimit_resource_t resource, rlim_t value)
{
	const struct rlimit both = {value, value};

	if (setrlimit(resource, &both) == -1)
		_exit(126);
}

/* In the child; what runs here is safe after a fork. */
static void __attribute__((noreturn)) become(const struct run *r, int output)
{
	char search[] = "PATH=/usr/bin:/bin";
	char *const environment[] = {search, NULL};
	char *const arguments[] = {r->path, NULL};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	/* Killed with us, and as a whole. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit(RLIMIT_CPU, CPU_MAX);
	limit(RLIMIT_DATA, DATA_MAX);
	limit(RLIMIT_NPROC, PROCESSES_MAX);
	if (nowhere == -1 || dup2(r->in, STDIN_FILENO) == -1 ||
	    dup2(output, STDOUT_FILENO) == -1 ||
	    dup2(nowhere, STDERR_FILENO) == -1 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) == -1)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(r->path, arguments, environment);
	_exit(127);
}

/* A pipe that holds all that the program will read. */
static int
fill_input(struct run *r, const char *token, size_t length)
{
	ssize_t written;
	int ends[2];

	/* A token has room in any pipe: so this neither waits nor is cut. */
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	r->in = ends[0];
	written = write(ends[1], token, length);
	if (written == (ssize_t)length)
		written = write(ends[1], "\n", 1) == 1 ? 0 : -1;
	else
		written = -1;
	close(ends[1]);
	return (int)written;
}

static int
start(struct run *r)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	r->out = ends[0];
	r->pid = fork();
	if (r->pid == 0)
		become(r, ends[1]);
	close(ends[1]);
	if (r->pid == -1)
		return -1;
	/* By both, so that it is so for whoever comes first. */
	setpgid(r->pid, r->pid);
	return 0;
}

/* Reads to the end of what it says: 0, or -1 with errno. */
static int
read_answer(struct run *r)
{
	struct pollfd p = {.fd = r->out, .events = POLLIN};
	int64_t left;
	ssize_t n;

	while (r->length < sizeof(r->answer)) {
		left = r->deadline - clock_now();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (poll(&p, 1, (int)(left / CLOCK_MILLISECOND) + 1) <= 0)
			continue;
		n = read(r->out, r->answer + r->length,
		    sizeof(r->answer) - r->length);
		if (n == 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return -1;
		r->length += n > 0 ? (size_t)n : 0;
	}
	errno = EMSGSIZE;
	return -1;
}

/* Waits until it ends: its status, or -1 with errno. */
static int
await_end(struct run *r)
{
	const struct timespec pause = {.tv_nsec = PAUSE};
	siginfo_t ended = {.si_pid = 0};
	int status;

	/* Its number stays its own until the whole group is dead. */
	while (waitid(P_PID, (id_t)r->pid, &ended,
		   WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       ended.si_pid == 0) {
		if (clock_now() >= r->deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	kill(-r->pid, SIGKILL);
	if (waitpid(r->pid, &status, 0) == -1)
		return -1;
	r->pid = -1;
	return status;
}

static void
finish(struct run *r)
{
	if (r->pid > 0) {
		kill(-r->pid, SIGKILL);
		kill(r->pid, SIGKILL);
		while (waitpid(r->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	}
	if (r->in != -1)
		close(r->in);
	if (r->out != -1)
		close(r->out);
	explicit_bzero(r->answer, sizeof(r->answer));
}

/* "active USER\n", and nothing in the name that is no part of one. */
static int
take_name(const struct run *r, char *name)
{
	static const char word[] = "active ";
	const size_t before = sizeof(word) - 1;
	size_t length;

	if (r->length <= before + 1 || memcmp(r->answer, word, before) != 0 ||
	    r->answer[r->length - 1] != '\n')
		return -1;
	length = r->length - before - 1;
	if (length >= WIRE_NAME_MAX)
		return -1;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)r->answer[before + i];

		if (c <= ' ' || c == 0x7f)
			return -1;
	}
	memcpy(name, r->answer + before, length);
	name[length] = '\0';
	return 0;
}

static enum token_result
judge(const struct run *r, int status, char *name)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    take_name(r, name) == 0)
		return TOKEN_GOOD;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && r->length == 0)
		return TOKEN_BAD;
	log_error("program.answer",
	    log_int("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
	    log_int("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
	    log_int("octets", (int)r->length));
	return TOKEN_FAILED;
}

enum token_result
program_ask(
    char *path, const char *token, size_t length, int64_t deadline, char *name)
{
	struct run r = {
	    .path = path, .in = -1, .out = -1, .pid = -1, .deadline = deadline};
	enum token_result result = TOKEN_FAILED;
	int status = -1;

	if (fill_input(&r, token, length) == 0 && start(&r) == 0 &&
	    read_answer(&r) == 0)
		status = await_end(&r);
	if (status != -1)
		result = judge(&r, status, name);
	else
		log_error("program.failed", log_errno(errno));
	finish(&r);
	return result;
}
