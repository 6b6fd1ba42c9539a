#include "trace_command.h"

#include "log_entry.h"
#include "log_source.h"
#include "output.h"

#include <err.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_SIZE 17
#define IDS	256
/* Lines that are kept. */
#define FOUND_MOST 100000

/* Ids that belong together: a session, and messages that came by it. */
struct ids {
	char ids[IDS][ID_SIZE];
	unsigned count;
	int is_cut; /* there are more */
};

/* A line that was found. */
struct found {
	char *line, time[LOG_ENTRY_TIME];
	int64_t ns; /* log_entry_ns */
	size_t number;
	int is_repeated; /* two logs have it */
};

struct trace {
	const char *id;
	struct ids sessions, traces;
	struct found *found;
	size_t count, room;
	int is_cut; /* there are more */
};

static int
has_id(const struct ids *list, const char *id)
{
	if (id == NULL)
		return 0;
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->ids[i], id) == 0)
			return 1;
	return 0;
}

static void
add_id(struct ids *list, const char *id)
{
	if (id == NULL || strlen(id) != ID_SIZE - 1 || has_id(list, id))
		return;
	if (list->count == IDS) {
		list->is_cut = 1;
		return;
	}
	memcpy(list->ids[list->count++], id, ID_SIZE);
}

/* Notes what else a line with the id names. */
static int
learn(struct trace *t, const char *line)
{
	char *copy;
	struct log_entry e;
	const char *session, *trace;

	if (strstr(line, t->id) == NULL)
		return 0;
	if ((copy = strdup(line)) == NULL)
		return -1;
	if (log_entry_parse(&e, copy) == 0) {
		session = log_entry_field(&e, "session");
		trace = log_entry_field(&e, "trace");
		if (trace != NULL && strcmp(trace, t->id) == 0)
			add_id(&t->sessions, session);
		if (session != NULL && strcmp(session, t->id) == 0)
			add_id(&t->traces, trace);
		if (trace != NULL && strcmp(trace, t->id) == 0)
			add_id(&t->traces, trace);
		if (session != NULL && strcmp(session, t->id) == 0)
			add_id(&t->sessions, session);
	}
	free(copy);
	return 0;
}

static int
is_wanted(const struct trace *t, const struct log_entry *e)
{
	const char *trace = log_entry_field(e, "trace");

	/* Other messages of a session are none of this one's. */
	if (trace != NULL)
		return has_id(&t->traces, trace);
	return has_id(&t->sessions, log_entry_field(e, "session"));
}

/* Whether one of the ids stands in the line at all. */
static int
may_be_wanted(const struct trace *t, const char *line)
{
	for (unsigned i = 0; i < t->sessions.count; i++)
		if (strstr(line, t->sessions.ids[i]) != NULL)
			return 1;
	for (unsigned i = 0; i < t->traces.count; i++)
		if (strstr(line, t->traces.ids[i]) != NULL)
			return 1;
	return 0;
}

static int
keep(struct trace *t, const struct log_entry *e, const char *line)
{
	size_t room = t->room == 0 ? 64 : 2 * t->room;
	struct found *f;

	if (t->count == FOUND_MOST) {
		t->is_cut = 1;
		return 0;
	}
	if (t->count == t->room) {
		f = reallocarray(t->found, room, sizeof(*f));
		if (f == NULL)
			return -1;
		t->found = f;
		t->room = room;
	}
	f = &t->found[t->count];
	if ((f->line = strdup(line)) == NULL)
		return -1;
	memcpy(f->time, e->time, sizeof(f->time));
	f->ns = log_entry_ns(e->time);
	f->is_repeated = 0;
	f->number = t->count++;
	return 0;
}

static int
collect(struct trace *t, const char *line)
{
	struct log_entry e;
	char *copy;
	int result = 0;

	if (!may_be_wanted(t, line))
		return 0;
	if ((copy = strdup(line)) == NULL)
		return -1;
	if (log_entry_parse(&e, copy) == 0 && is_wanted(t, &e))
		result = keep(t, &e, line);
	free(copy);
	return result;
}

/* Hands each line of the source on.  0, or -1 without memory. */
static int
read_source(struct trace *t, const char *name,
    int (*take)(struct trace *t, const char *line))
{
	static struct log_source s;
	const char *line;
	int result = 0;

	/* What is wrong with it is said when it is read first. */
	if (log_source_open(&s, name, take == learn) == -1)
		return 0; /* it was said; others may have it */
	while (result == 0 && (line = log_source_line(&s)) != NULL)
		result = take(t, line);
	log_source_close(&s);
	if (result == -1)
		warn("%s", name);
	return result;
}

static int
compare_times(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The same lines together, in the order in which they were found. */
static int
compare_lines(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->line, y->line);

	if (order != 0)
		return order;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int
compare_numbers(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* By their times, where all have such that can be compared; those that two logs
 * have are noted. */
static void
sort(struct trace *t)
{
	int (*compare)(const void *, const void *) = compare_times;

	qsort(t->found, t->count, sizeof(*t->found), compare_lines);
	for (size_t i = 0; i < t->count; i++) {
		t->found[i].is_repeated = i > 0 && strcmp(t->found[i - 1].line,
						       t->found[i].line) == 0;
		if (t->found[i].ns == -1)
			compare = compare_numbers;
	}
	qsort(t->found, t->count, sizeof(*t->found), compare);
}

static void
print_json(const struct log_entry *e)
{
	output_next();
	output_text("time", e->time);
	output_text("level", e->level[0] == '\0' ? NULL : e->level);
	output_text("program", e->program);
	output_number("pid", e->pid);
	output_text("event", e->event);
	for (unsigned i = 0; i < e->count; i++)
		output_text(e->fields[i].key, e->fields[i].value);
}

/* A file may hold what is none of our lines. */
static void
print_text(const struct log_entry *e)
{
	const char *value, *quote;

	output_plain(e->time);
	putchar(' ');
	output_plain(e->program);
	putchar(' ');
	output_plain(e->event);
	for (unsigned i = 0; i < e->count; i++) {
		value = e->fields[i].value;
		if (value == NULL)
			value = "-";
		quote =
		    value[0] == '\0' || strchr(value, ' ') != NULL ? "\"" : "";
		putchar(' ');
		output_plain(e->fields[i].key);
		printf("=%s", quote);
		output_plain(value);
		fputs(quote, stdout);
	}
	putchar('\n');
}

static void
print_all(struct trace *t)
{
	struct log_entry e;

	sort(t);
	output_begin(1);
	for (size_t i = 0; i < t->count; i++) {
		char *copy =
		    t->found[i].is_repeated ? NULL : strdup(t->found[i].line);

		if (copy != NULL && log_entry_parse(&e, copy) == 0) {
			if (output_json)
				print_json(&e);
			else
				print_text(&e);
		}
		free(copy);
	}
	output_end();
}

/* The older file first: rotated ones are older than what is written now. */
static int
compare_ages(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;
	struct stat s, t;

	if (stat(*x, &s) == -1 || stat(*y, &t) == -1)
		return strcmp(*x, *y);
	if (s.st_mtim.tv_sec != t.st_mtim.tv_sec)
		return s.st_mtim.tv_sec < t.st_mtim.tv_sec ? -1 : 1;
	return s.st_mtim.tv_nsec < t.st_mtim.tv_nsec   ? -1
	       : s.st_mtim.tv_nsec > t.st_mtim.tv_nsec ? 1
						       : 0;
}

/* Reads them all, twice: what belongs together is known only at the end. */
static int
search(struct trace *t, char *const *names, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = read_source(t, names[i], learn);
	if (t->sessions.count == 0 && t->traces.count == 0)
		return result;
	for (size_t i = 0; i < count && result == 0; i++)
		result = read_source(t, names[i], collect);
	return result;
}

/* Puts what is a file first, the older one before the newer; how many. */
static size_t
keep_files(char **names, size_t count)
{
	size_t n = 0;
	struct stat st;
	char *name;

	for (size_t i = 0; i < count; i++) {
		name = names[i];
		if (stat(name, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		names[i] = names[n];
		names[n++] = name;
	}
	qsort(names, n, sizeof(*names), compare_ages);
	return n;
}

/* Where syslog puts mail's lines, and its rotated files. */
static int
search_usual(struct trace *t)
{
	static const char *const patterns[] = {"/var/log/ringmail/*",
	    "/var/log/mail.log*", "/var/log/maillog*", "/var/log/syslog*",
	    "/var/log/messages*"};
	static char name[] = LOG_SOURCE_JOURNAL;
	char *journal[] = {name};
	glob_t g = {.gl_pathc = 0};
	int result = 0, flags = 0;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob(patterns[i], flags, NULL, &g);
		flags = GLOB_APPEND;
	}
	if (g.gl_pathc > 0)
		result =
		    search(t, g.gl_pathv, keep_files(g.gl_pathv, g.gl_pathc));
	globfree(&g);
	if (result == 0 && t->count == 0 &&
	    (access("/var/log/journal", F_OK) == 0 ||
		access("/run/log/journal", F_OK) == 0))
		result = search(t, journal, 1);
	return result;
}

/* An id as it stands in logs, replies and Received lines. */
static int
check_id(const char *text, char id[ID_SIZE])
{
	size_t length = strlen(text), digits = strspn(text, "0123456789"
							    "abcdefABCDEF");

	if (length == 0 || length >= ID_SIZE || digits != length) {
		warnx("\"%.80s\" is no id: 16 hexadecimal digits, as they "
		      "stand in the reply to the client, in the Received line "
		      "and in the log",
		    text);
		return -1;
	}
	memset(id, '0', ID_SIZE - 1);
	for (size_t i = 0; i < length; i++)
		id[ID_SIZE - 1 - length + i] =
		    (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] | 0x20
							    : text[i]);
	id[ID_SIZE - 1] = '\0';
	return 0;
}

/* What was left out is told of. */
static void
say_cut(const struct trace *t)
{
	if (t->sessions.is_cut || t->traces.is_cut)
		warnx("%s has more than %d messages: lines of the others are "
		      "left out",
		    t->id, IDS);
	if (t->is_cut)
		warnx("more than %d lines of %s: the others are left out",
		    FOUND_MOST, t->id);
}

enum client_exit
trace_command_run(const char *folder, char **args, int count)
{
	struct trace t = {.count = 0};
	char id[ID_SIZE];
	int result;

	(void)folder;
	if (count == 0) {
		warnx("trace takes: " TRACE_COMMAND_USAGE);
		return CLIENT_USAGE;
	}
	if (check_id(args[0], id) == -1)
		return CLIENT_USAGE;
	t.id = id;
	for (int i = 1; i < count; i++)
		if (log_source_hold(&args[i]) == -1)
			return CLIENT_TEMPORARY;
	if (count > 1)
		qsort(args + 1, (size_t)count - 1, sizeof(*args), compare_ages);
	result = count > 1 ? search(&t, args + 1, (size_t)count - 1)
			   : search_usual(&t);
	say_cut(&t);
	if (t.count > 0)
		print_all(&t);
	else if (result == 0)
		warnx("no log has a line of %s: name the files that "
		      "have, and see that log { level } is info or more",
		    id);
	for (size_t i = 0; i < t.count; i++)
		free(t.found[i].line);
	free(t.found);
	if (result == -1)
		return CLIENT_TEMPORARY;
	return t.count > 0 ? CLIENT_OK : CLIENT_REFUSED;
}
