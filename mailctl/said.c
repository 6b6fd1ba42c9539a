#include "said.h"

#include "progress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* A file may have many wrong lines; the first are enough. */
#define KEPT_MAX 16384

static struct {
	char text[KEPT_MAX], *next;
	size_t length;
} said;

static ssize_t
write_both(void *cookie, const char *data, size_t size)
{
	size_t room = sizeof(said.text) - 1 - said.length, done = 0;
	ssize_t n;

	(void)cookie;
	progress_hide();
	if (room > size)
		room = size;
	memcpy(said.text + said.length, data, room);
	said.length += room;
	while (done < size) {
		n = write(STDERR_FILENO, data + done, size - done);
		if (n == -1 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)size;
}

void
said_begin(void)
{
	static const cookie_io_functions_t functions = {.write = write_both};
	FILE *both = fopencookie(NULL, "w", functions);

	if (both == NULL)
		return;
	setvbuf(both, NULL, _IOLBF, BUFSIZ);
	stderr = both;
}

const char *
said_line(void)
{
	size_t length = strlen(program_invocation_short_name);
	char *line;

	fflush(stderr);
	if (said.next == NULL)
		said.next = said.text;
	if (*said.next == '\0')
		return NULL;
	line = said.next;
	said.next += strcspn(line, "\n");
	if (*said.next == '\n')
		*said.next++ = '\0';
	if (strncmp(line, program_invocation_short_name, length) == 0 &&
	    strncmp(line + length, ": ", 2) == 0)
		line += length + 2;
	return line;
}
