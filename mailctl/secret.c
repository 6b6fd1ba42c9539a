#include "secret.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Signals that end mailctl, but not before the echo is on again. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define ENDING (sizeof(ending) / sizeof(ending[0]))

static volatile sig_atomic_t caught;

static void
note(int number)
{
	caught = number;
}

/*
 * One line without its end, octet by octet so that nothing behind it is taken.
 * Returns 0, or -1 after a line on standard error.
 */
static int
read_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	ssize_t n;
	char c;

	for (;;) {
		n = read(fd, &c, 1);
		if (n == -1 && errno == EINTR && caught == 0)
			continue;
		if (n == -1) {
			if (caught == 0)
				warn("can't read the password");
			return -1;
		}
		if (n == 0 || c == '\n')
			break;
		if (c == '\0') {
			warnx("a password can't hold a NUL octet");
			return -1;
		}
		if (length + 1 >= size) {
			warnx("a password has at most %zu octets", size - 1);
			return -1;
		}
		line[length++] = c;
	}
	line[length] = '\0';
	if (length == 0)
		warnx("the password is empty: nothing was changed");
	return length == 0 ? -1 : 0;
}

static int
prompt(int tty, const char *text, const char *who, char *line, size_t size)
{
	int result;

	dprintf(tty, "%s %s: ", text, who);
	result = read_line(tty, line, size);
	dprintf(tty, "\n");
	return result;
}

static int
ask_twice(int tty, const char *who, char *secret, size_t size)
{
	char again[256];
	int same;

	if (size > sizeof(again))
		size = sizeof(again);
	if (prompt(tty, "New password of", who, secret, size) == -1 ||
	    prompt(tty, "The same again for", who, again, size) == -1) {
		explicit_bzero(again, sizeof(again));
		return -1;
	}
	same = strcmp(secret, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!same)
		warnx("the two passwords differ: nothing was changed");
	return same ? 0 : -1;
}

/* Asks with the echo off, and puts it on again whatever happens. */
static int
ask_silently(int tty, const char *who, char *secret, size_t size)
{
	struct sigaction catch = {.sa_handler = note}, old[ENDING], stop;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct termios shown, silent;
	int result = -1;
	size_t i;

	if (tcgetattr(tty, &shown) == -1) {
		warn("can't turn the terminal's echo off");
		return -1;
	}
	for (i = 0; i < ENDING; i++)
		sigaction(ending[i], &catch, &old[i]);
	sigaction(SIGTSTP, &ignore, &stop);
	silent = shown;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &silent) == -1)
		warn("can't turn the terminal's echo off");
	else
		result = ask_twice(tty, who, secret, size);
	tcsetattr(tty, TCSAFLUSH, &shown);
	sigaction(SIGTSTP, &stop, NULL);
	for (i = 0; i < ENDING; i++)
		sigaction(ending[i], &old[i], NULL);
	if (caught != 0) {
		explicit_bzero(secret, size);
		raise(caught);
		result = -1;
	}
	return result;
}

int
secret_read(const char *who, char *secret, size_t size)
{
	int tty, result;

	secret[0] = '\0';
	if (!isatty(STDIN_FILENO)) {
		result = read_line(STDIN_FILENO, secret, size);
	} else if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1) {
		warn("/dev/tty");
		return -1;
	} else {
		result = ask_silently(tty, who, secret, size);
		close(tty);
	}
	if (result == -1)
		explicit_bzero(secret, size);
	return result;
}
