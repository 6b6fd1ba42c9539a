#include "bulk_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\xef\xbb\xbf"

void
bulk_line_unmark(char *text)
{
	size_t length = sizeof(MARK) - 1;

	if (strncmp(text, MARK, length) == 0)
		memmove(text, text + length, strlen(text + length) + 1);
}

/* Where the line has an octet that is no text; NULL. */
static const char *
find_control(const char *text, size_t length)
{
	for (const char *c = text; c < text + length; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return c;
	return NULL;
}

int
bulk_line_next(struct bulk *b, struct bulk_line *l)
{
	const char *control;
	ssize_t n;

	while (errno = 0, (n = getline(&l->text, &l->room, l->file)) > 0) {
		l->number++;
		if (l->text[n - 1] == '\n')
			l->text[--n] = '\0';
		if (n > 0 && l->text[n - 1] == '\r')
			l->text[--n] = '\0';
		control = find_control(l->text, (size_t)n);
		if (control != NULL) {
			bulk_complain(b, l->number,
			    "column %td has the control character 0x%02x: is "
			    "this a file of text, with an LF behind each line?",
			    control - l->text + 1, (unsigned char)*control);
			continue;
		}
		if (l->number == 1)
			bulk_line_unmark(l->text);
		return 1;
	}
	if (feof(l->file))
		return 0;
	bulk_complain(
	    b, l->number + 1, "it can't be read: %s", strerror(errno));
	return -1;
}

void
bulk_line_free(struct bulk_line *l)
{
	if (l->text != NULL)
		explicit_bzero(l->text, l->room);
	free(l->text);
	l->text = NULL;
}
