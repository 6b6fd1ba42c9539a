#include "conf_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scan {
	char *text;
	char *next; /* ends with a NUL, and has no other */
	struct conf_scan_includes *found;
	int line;
	int depth;  /* of braces */
	int opened; /* the line of the outermost brace */
	char *why;
	size_t size;
};

static int __attribute__((format(printf, 2, 3)))
fail(struct scan *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->why, s->size, format, args);
	va_end(args);
	return -1;
}

static bool
is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* NULs, and lines that no one wrote by hand. */
static int
check_lines(struct scan *s, const char *text, size_t length)
{
	const char *end = text + length, *stop;

	for (; text < end; text = stop + 1, s->line++) {
		if ((stop = memchr(text, '\n', (size_t)(end - text))) == NULL)
			stop = end;
		if (stop - text > CONF_SCAN_LINE_MAX)
			return fail(
			    s, "longer than %d octets", CONF_SCAN_LINE_MAX);
		if (memchr(text, '\0', (size_t)(stop - text)) != NULL)
			return fail(s, "a NUL octet");
	}
	s->line = 1;
	return 0;
}

/* At a quote: goes to the one that closes it. */
static int
skip_string(struct scan *s)
{
	char quote = *s->next++;

	for (; *s->next != quote; s->next++) {
		if (*s->next == '\n' || *s->next == '\0')
			return fail(
			    s, "a string without its closing %c", quote);
		if (is_control(*s->next))
			return fail(s, "a control character in a string");
		if (*s->next == '\\') {
			if (s->next[1] == quote || s->next[1] == '\\')
				s->next++;
			else if (quote == '"')
				return fail(
				    s, "only \\\" and \\\\ may be escaped");
		}
		if (quote == '"' && s->next[0] == '$' && s->next[1] == '{')
			return fail(s, "environment variables are not read: "
				       "write '${' in single quotes");
	}
	return 0;
}

/* The parser never needs to see a comment: blanks take its place. */
static void
blank_comment(struct scan *s)
{
	for (; *s->next != '\n' && *s->next != '\0'; s->next++)
		*s->next = ' ';
	s->next--;
}

/* Whether "include", alone so far on its line, stands in front of s->next;
 * where it begins. */
static char *
begin_of_include(const struct scan *s)
{
	static const char word[] = "include";
	const size_t length = sizeof(word) - 1;
	char *p = s->next, *line;

	while (p > s->text && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	if (s->depth != 0 || p - s->text < (ptrdiff_t)length ||
	    memcmp(p - length, word, length) != 0)
		return NULL;
	p -= length;
	for (line = p; line > s->text && line[-1] != '\n'; line--)
		if (line[-1] != ' ' && line[-1] != '\t')
			return NULL;
	return p;
}

/* At the ( of an include, to its ): they are blanked. */
static int
take_include(struct scan *s, char *begin)
{
	char *path, *end;

	s->next += 1 + strspn(s->next + 1, " \t");
	if (*s->next != '"' && *s->next != '\'')
		return fail(s, "include takes a file in quotes");
	path = s->next + 1;
	if (skip_string(s) == -1)
		return -1;
	end = s->next;
	s->next += 1 + strspn(s->next + 1, " \t");
	if (*s->next != ')')
		return fail(s, "include without its closing )");
	if (end == path || memchr(path, '\\', (size_t)(end - path)) != NULL)
		return fail(s, "include takes a file's path");
	if (s->found->count == CONF_SCAN_INCLUDES)
		return fail(
		    s, "more than %d files are included", CONF_SCAN_INCLUDES);
	s->found->items[s->found->count].line = s->line;
	if ((s->found->items[s->found->count].path =
		    strndup(path, (size_t)(end - path))) == NULL)
		return fail(s, "out of memory");
	s->found->count++;
	memset(begin, ' ', (size_t)(s->next - begin) + 1);
	return 0;
}

static int
check_other(struct scan *s, char before)
{
	const char *p = s->next;
	char *begin;

	if (*p == '(' && (begin = begin_of_include(s)) != NULL)
		return take_include(s, begin);
	if (*p == '\r' && p[1] == '\n')
		*s->next = ' ';
	else if (is_control(*p))
		return fail(s, "a control character");
	else if (*p == '*' || *p == '+' || *p == '(' || *p == ')')
		return fail(s, "a stray '%c': values with it need quotes", *p);
	else if (*p == '$' && p[1] == '{')
		return fail(s, "environment variables are not read");
	else if (*p == '/' && strchr(" \t\n{}=,", before) != NULL &&
		 (p[1] == '/' || p[1] == '*'))
		return fail(s, "a comment begins with #");
	return 0;
}

/* At any octet outside of strings and comments. */
static int
scan_one(struct scan *s, char before)
{
	switch (*s->next) {
	case '\n':
		s->line++;
		return 0;
	case '"':
	case '\'':
		return skip_string(s);
	case '#':
		blank_comment(s);
		return 0;
	case '{':
		if (s->depth++ == 0)
			s->opened = s->line;
		return 0;
	case '}':
		s->depth--;
		return 0;
	default:
		return check_other(s, before);
	}
}

static int
scan_all(struct scan *s)
{
	char before = '\n';

	for (; *s->next != '\0'; before = *s->next++)
		if (scan_one(s, before) == -1)
			return -1;
	if (s->depth <= 0)
		return 0;
	s->line = s->opened;
	return fail(s, "a block or list without its closing }");
}

/* Makes text ready for the parser: 0, or -1 with a reason. */
static int
scan_text(char *text, size_t length, struct conf_scan_includes *found,
    int *line, char *why, size_t size)
{
	struct scan s = {.text = text,
	    .next = text,
	    .found = found,
	    .line = 1,
	    .why = why,
	    .size = size};
	int r;

	if ((r = check_lines(&s, text, length)) == 0)
		r = scan_all(&s);
	*line = s.line;
	return r;
}

/* ENOTSUP: it is neither a file nor a folder. */
static char *
read_all(int fd, size_t *length)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
		return NULL;
	}
	if ((text = malloc(CONF_SCAN_FILE_MAX + 1)) == NULL)
		return NULL;
	*length = 0;
	while ((n = read(
		    fd, text + *length, CONF_SCAN_FILE_MAX + 1 - *length)) > 0)
		*length += (size_t)n;
	if (n == 0 && *length <= CONF_SCAN_FILE_MAX) {
		text[*length] = '\0';
		return text;
	}
	if (n == 0)
		errno = EFBIG;
	free(text);
	return NULL;
}

char *
conf_scan_read(const char *path, struct conf_scan_includes *found, int *line,
    char *why, size_t size)
{
	size_t length;
	char *text = NULL;
	/* A FIFO must not hold up the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*line = 0;
	if (fd != -1)
		text = read_all(fd, &length);
	if (text == NULL)
		snprintf(why, size, "%s",
		    errno == ENOTSUP ? "not a regular file"
				     : strerrordesc_np(errno));
	if (fd != -1)
		close(fd);
	if (text != NULL &&
	    scan_text(text, length, found, line, why, size) == -1) {
		free(text);
		text = NULL;
	}
	return text;
}

void
conf_scan_forget(struct conf_scan_includes *found)
{
	while (found->count > 0)
		free(found->items[--found->count].path);
}
