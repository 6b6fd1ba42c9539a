/* What a plain SMTP session takes: see tls_load.h. */
#include "tls_load.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads a reply of any number of lines; its code must begin with digit. */
static void
expect(int fd, char digit)
{
	char text[4096];
	size_t length = 0, line;
	ssize_t n;

	for (;;) {
		n = recv(fd, text + length, sizeof(text) - length, 0);
		if (n <= 0)
			load_die("a plain session was cut off");
		length += (size_t)n;
		if (text[length - 1] != '\n')
			continue;
		for (line = length - 1; line > 0; line--)
			if (text[line - 1] == '\n')
				break;
		/* RFC 5321 4.2.1: a blank after the code ends a reply. */
		if (length - line > 3 && text[line + 3] == ' ')
			break;
	}
	if (text[line] != digit)
		load_die("an unexpected reply");
}

static void
command(int fd, const char *words, char digit)
{
	size_t length = strlen(words);

	if (send(fd, words, length, MSG_NOSIGNAL) != (ssize_t)length)
		load_die("a plain session was cut off");
	expect(fd, digit);
}

static int
greet(int port)
{
	int fd = load_connect(port, 0);

	expect(fd, '2');
	command(fd, "EHLO bench.example\r\n", '2');
	return fd;
}

/* Where that is allowed: it never waits for a core, so that all that it waits
 * for is the server's. */
static void
run_at_once(void)
{
	const struct sched_param param = {.sched_priority = 1};

	if (sched_setscheduler(0, SCHED_FIFO, &param) == -1)
		perror("tls_load: no priority");
}

void
plain_noop(int port, int64_t end)
{
	int fd = greet(port);
	int64_t began;

	run_at_once();
	while ((began = load_now()) < end) {
		command(fd, "NOOP\r\n", '2');
		load_took(load_now() - began);
		/* Not one that is always at work: it would show only how soon
		 * the next one is served. */
		usleep(300);
	}
	close(fd);
	load_print_times();
}

void
plain_letter(int port, int64_t end, const char *recipient)
{
	char rcpt[512];
	int64_t began;
	int fd;

	run_at_once();
	snprintf(rcpt, sizeof(rcpt), "RCPT TO:<%s>\r\n", recipient);
	while ((began = load_now()) < end) {
		fd = greet(port);
		command(fd, "MAIL FROM:<s@remote.example>\r\n", '2');
		command(fd, rcpt, '2');
		command(fd, "DATA\r\n", '3');
		command(fd, "Subject: x\r\n\r\nA letter.\r\n.\r\n", '2');
		command(fd, "QUIT\r\n", '2');
		close(fd);
		load_took(load_now() - began);
		usleep(300);
	}
	load_print_times();
}
