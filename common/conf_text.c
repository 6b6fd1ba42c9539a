#include "conf_text.h"

#include "conf_scan.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS	  " \t\r\n"
#define PATH_SIZE 4096

const char *const conf_text_programs[] = {"smtpd", "pop3d", "helpers", NULL};

/* Behind a string that begins at c; conf_scan has seen to its end. */
static char *
past_string(char *c)
{
	const char quote = *c++;

	while (*c != '\0' && *c != quote)
		c += c[0] == '\\' && c[1] != '\0' ? 2 : 1;
	return *c == '\0' ? c : c + 1;
}

/* Behind a word, a string or a sign. */
static char *
past_token(char *c)
{
	size_t length;

	if (*c == '"' || *c == '\'')
		return past_string(c);
	length = strcspn(c, BLANKS "{}=+,;()\"'");
	return c + (length == 0 ? 1 : length);
}

/* From a { to behind its }, or to the end of the text. */
static char *
past_braces(char *c)
{
	int depth = 0;

	do {
		depth += (*c == '{') - (*c == '}');
		c = past_token(c);
		c += strspn(c, BLANKS);
	} while (depth > 0 && *c != '\0');
	return c;
}

static void
blank(char *from, const char *end)
{
	for (; from < end; from++)
		if (*from != '\n')
			*from = ' ';
}

/* Whether the words, and commas, in front of a { are programs; *is_own: the
 * one that matters is among them. */
static bool
is_head(char *from, const char *brace, const char *program, bool *is_own)
{
	bool any = false;
	char *end;

	*is_own = false;
	for (; from < brace; from = end + strspn(end, BLANKS)) {
		const char *const *p = conf_text_programs;

		end = past_token(from);
		if (*from == ',')
			continue;
		while (*p != NULL && (strlen(*p) != (size_t)(end - from) ||
					 memcmp(*p, from, end - from) != 0))
			p++;
		if (*p == NULL)
			return false;
		any = true;
		*is_own |= strcmp(*p, program) == 0;
	}
	return any;
}

/* At a { whose head begins at from: goes behind the block, or, where it is a
 * part of this program, into it. */
static char *
pass_block(char *from, char *brace, const char *program)
{
	char *end = past_braces(brace), *close = end;
	bool is_own;

	if (!is_head(from, brace, program, &is_own))
		return end;
	if (!is_own) {
		blank(from, end);
		return end;
	}
	while (close > brace && *close != '}')
		close--;
	blank(from, brace + 1);
	blank(close, close + (close > brace));
	return end;
}

void
conf_text_parts(char *text, const char *program)
{
	char *c = text + strspn(text, BLANKS), *head = NULL;

	while (*c != '\0') {
		if (*c == '{') {
			c = pass_block(head == NULL ? c : head, c, program);
			head = NULL;
			continue;
		}
		if (*c == '=') {
			/* Its value: a list in braces is no block. */
			c++;
			c += strspn(c, BLANKS);
			if (*c == '{')
				c = past_braces(c);
			else if (*c != '\0')
				c = past_token(c);
			head = NULL;
		} else {
			if (head == NULL)
				head = c;
			c = past_token(c);
		}
		c += strspn(c, BLANKS);
	}
}

/* A file that is being read: what it includes comes first. */
struct frame {
	char path[PATH_SIZE];
	char *text;
	struct conf_scan_includes found;
	size_t next; /* of those */
};

struct reading {
	struct conf_texts *texts;
	const char *program;
	int depth; /* of frames */
	char *error;
	size_t size;
	struct frame frames[CONF_TEXT_DEPTH];
};

static int
fail(struct reading *r, const char *path, int line, const char *why)
{
	if (line == 0)
		snprintf(r->error, r->size, "%s: %s", path, why);
	else
		snprintf(r->error, r->size, "%s:%d: %s", path, line, why);
	return -1;
}

/* The path of what the file at path includes. */
static int
join(const char *path, const char *name, char *to, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;

	if (name[0] == '/')
		folder = 0;
	return (size_t)snprintf(to, size, "%.*s%s", (int)folder, path, name) <
		       size
		   ? 0
		   : -1;
}

/* Begins to read the file whose path the next frame has; by: the frame that
 * includes it, and line there, or NULL. */
static int
begin_file(struct reading *r, const struct frame *by, int by_line)
{
	struct frame *f = &r->frames[r->depth++];
	char why[256], text[2 * PATH_SIZE];
	int line = 0;

	f->found.count = 0;
	f->next = 0;
	f->text = conf_scan_read(f->path, &f->found, &line, why, sizeof(why));
	if (f->text != NULL)
		return 0;
	if (by == NULL || line > 0)
		return fail(r, f->path, line, why);
	/* A file that can't be opened is the fault of who includes it. */
	snprintf(text, sizeof(text), "include of %s: %s", f->path, why);
	return fail(r, by->path, by_line, text);
}

static int
begin_included(struct reading *r, const struct frame *by, size_t which)
{
	struct frame *f = &r->frames[r->depth];
	int line = by->found.items[which].line;
	char why[PATH_SIZE + 64];

	if (r->depth == CONF_TEXT_DEPTH)
		return fail(r, by->path, line, "files are included too deep");
	if (join(by->path, by->found.items[which].path, f->path,
		sizeof(f->path)) == -1)
		return fail(r, by->path, line, "too long a path");
	for (int i = 0; i < r->depth; i++)
		if (strcmp(r->frames[i].path, f->path) == 0) {
			snprintf(why, sizeof(why),
			    "include of %s, which includes this", f->path);
			return fail(r, by->path, line, why);
		}
	return begin_file(r, by, line);
}

static void
forget(struct reading *r)
{
	struct frame *f = &r->frames[--r->depth];

	conf_scan_forget(&f->found);
	free(f->text);
}

/* The innermost file has nothing more before it. */
static int
end_file(struct reading *r)
{
	struct frame *f = &r->frames[r->depth - 1];
	struct conf_text *t;

	if (r->texts->count == CONF_TEXT_FILES)
		return fail(r, f->path, 0, "too many files are included");
	t = &r->texts->items[r->texts->count++];
	t->text = f->text;
	f->text = NULL;
	if ((t->path = strdup(f->path)) == NULL)
		return fail(r, f->path, 0, "out of memory");
	if (r->program != NULL)
		conf_text_parts(t->text, r->program);
	forget(r);
	return 0;
}

static int
read_all(struct reading *r, const char *path)
{
	struct frame *f = r->frames;
	int result;

	if (join("", path, f->path, sizeof(f->path)) == -1)
		return fail(r, path, 0, "too long a path");
	result = begin_file(r, NULL, 0);
	while (result == 0 && r->depth > 0) {
		f = &r->frames[r->depth - 1];
		if (f->next < f->found.count)
			result = begin_included(r, f, f->next++);
		else
			result = end_file(r);
	}
	return result;
}

int
conf_text_read(struct conf_texts *t, const char *path, const char *program,
    char *error, size_t size)
{
	struct reading *r = malloc(sizeof(*r));
	int result;

	t->count = 0;
	if (r == NULL) {
		snprintf(error, size, "%s: out of memory", path);
		return -1;
	}
	r->texts = t;
	r->program = program;
	r->depth = 0;
	r->error = error;
	r->size = size;
	result = read_all(r, path);
	while (r->depth > 0)
		forget(r);
	free(r);
	return result;
}

void
conf_text_free(struct conf_texts *t)
{
	while (t->count > 0) {
		t->count--;
		free(t->items[t->count].path);
		free(t->items[t->count].text);
	}
}
