#include "usage.h"

#include "command.h"
#include "near.h"
#include "output.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 32
#define COLUMNS	  78
/* Where the second column begins. */
#define INDENT 24
/* All rows of both tables. */
#define ROWS_MOST 100

#define LINES                                                    \
	"usage: mailctl [--json] [-c CONF | -S SOCKET] COMMAND " \
	"[ARGUMENT]...\n"                                        \
	"       mailctl help [COMMAND]\n"                        \
	"       mailctl -V\n"

/* A row of either table. */
struct row {
	char name[NAME_SIZE]; /* both words */
	const char *first, *usage, *what;
};

/* Fills rows; how many they are. */
static size_t
list(struct row *rows)
{
	const struct command_local *l;
	const struct command *c;
	size_t n = 0;

	for (c = commands; c->noun != NULL && n < ROWS_MOST; c++) {
		rows[n] = (struct row){
		    .first = c->noun, .usage = c->usage, .what = c->what};
		snprintf(rows[n++].name, NAME_SIZE, "%s %s", c->noun, c->verb);
	}
	for (l = command_locals; l->name != NULL && n < ROWS_MOST; l++) {
		rows[n] = (struct row){
		    .first = l->name, .usage = l->usage, .what = l->what};
		snprintf(rows[n++].name, NAME_SIZE, "%s", l->name);
	}
	return n;
}

/* Words of text, each line behind `indent` blanks; the first stands at `at`. */
static void
put_folded(FILE *to, const char *text, size_t at, size_t indent)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t n = strcspn(text, " ");

		if (at > indent && at + 1 + n > COLUMNS) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		}
		at += (size_t)fprintf(
		    to, "%s%.*s", at > indent ? " " : "", (int)n, text);
		text += n;
	}
	fputc('\n', to);
}

/* What follows a command, and what it does. */
static void
put_whole(FILE *to, const struct row *r)
{
	int n = fprintf(to, "mailctl %s", r->name);

	put_folded(to, r->usage, n > 0 ? (size_t)n : 0, 8);
	fprintf(to, "        -- ");
	put_folded(to, r->what, 11, 11);
}

/* All commands, each with a line. */
static void
put_all(FILE *to)
{
	struct row rows[ROWS_MOST];
	size_t count = list(rows);
	int is_local = 0;

	fputs(LINES, to);
	for (size_t i = 0; i < count; i++) {
		/* Those that begin alike stand together, and so do those of
		 * one word. */
		if (!is_local &&
		    (i == 0 || strcmp(rows[i].first, rows[i - 1].first) != 0))
			fputc('\n', to);
		is_local = strchr(rows[i].name, ' ') == NULL;
		fprintf(to, "  %-*s", INDENT - 2, rows[i].name);
		put_folded(to, rows[i].what, INDENT, INDENT);
	}
	fputs("\n\"mailctl help COMMAND\" says what follows a command; "
	      "mailctl(8) tells all.\n",
	    to);
}

static void
put_json(const struct row *r)
{
	output_next();
	output_text("command", r->name);
	output_text("arguments", r->usage);
	output_text("what", r->what);
}

/* Those that begin with these words, or all; how many they are. */
static int
put_matching(FILE *to, char *const *args, int count)
{
	char wanted[2 * NAME_SIZE] = "";
	struct row rows[ROWS_MOST];
	size_t n = list(rows);
	int found = 0;

	if (count > 0)
		snprintf(wanted, sizeof(wanted), "%.30s%s%.30s", args[0],
		    count > 1 ? " " : "", count > 1 ? args[1] : "");
	for (size_t i = 0; i < n; i++) {
		if (wanted[0] != '\0' && strcmp(rows[i].name, wanted) != 0 &&
		    strcmp(rows[i].first, wanted) != 0)
			continue;
		found++;
		if (output_json && to == stdout)
			put_json(&rows[i]);
		else
			put_whole(to, &rows[i]);
	}
	return found;
}

/* Names of all commands, or of their first words; NULL ends them. */
static void
name_all(const struct row *rows, size_t count, int is_first,
    const char *names[ROWS_MOST + 1])
{
	for (size_t i = 0; i < count; i++)
		names[i] = is_first ? rows[i].first : rows[i].name;
	names[count] = NULL;
}

/* Whether some commands begin with the word. */
static int
is_first(const struct row *rows, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].first, word) == 0)
			return 1;
	return 0;
}

enum client_exit
usage_wrong(char **args, int count)
{
	const char *names[ROWS_MOST + 1];
	char written[2 * NAME_SIZE];
	struct row rows[ROWS_MOST];
	const char *hint;
	size_t n;

	if (count == 0) {
		put_all(stderr);
		return CLIENT_USAGE;
	}
	n = list(rows);
	snprintf(written, sizeof(written), "%.30s%s%.30s", args[0],
	    count > 1 ? " " : "", count > 1 ? args[1] : "");
	name_all(rows, n, 0, names);
	hint = near_hint(written, names);
	if (hint[0] == '\0' && !is_first(rows, n, args[0])) {
		name_all(rows, n, 1, names);
		hint = near_hint(args[0], names);
	}
	if (count == 1 && is_first(rows, n, args[0]))
		warnx("\"%s\" needs another word behind it", args[0]);
	else
		warnx("there is no command \"%s\"%s", written, hint);
	if (put_matching(stderr, args, 1) == 0)
		warnx("mailctl help lists all commands");
	return CLIENT_USAGE;
}

enum client_exit
usage_wrong_option(void)
{
	fputs(LINES, stderr);
	return CLIENT_USAGE;
}

/* Options that a usage names, at most. */
#define OPTIONS_MOST 8

/* Those of the usage, in copy[size]; NULL ends them. */
static void
find_options(const char *usage, char *copy, size_t size,
    const char *options[OPTIONS_MOST + 1])
{
	char *rest = copy, *word;
	size_t n = 0;

	snprintf(copy, size, "%s", usage);
	while ((word = strsep(&rest, " []|.")) != NULL && n < OPTIONS_MOST)
		if (word[0] == '-')
			options[n++] = word;
	options[n] = NULL;
}

static int
is_option(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0' &&
	       arg[strcspn(arg, "@/")] == '\0';
}

int
usage_check_options(const char *usage, char *const *args, int count)
{
	const char *options[OPTIONS_MOST + 1];
	char copy[256];
	size_t k;

	find_options(usage, copy, sizeof(copy), options);
	for (int i = 0; i < count; i++) {
		if (!is_option(args[i]))
			continue;
		for (k = 0; options[k] != NULL; k++)
			if (strcmp(options[k], args[i]) == 0)
				break;
		if (options[k] == NULL) {
			warnx("there is no option \"%.40s\" here%s", args[i],
			    near_hint(args[i], options));
			return -1;
		}
	}
	return 0;
}

enum client_exit
usage_help(const char *folder, char **args, int count)
{
	int found;

	(void)folder;
	if (count == 0 && !output_json) {
		put_all(stdout);
		return CLIENT_OK;
	}
	output_begin(1);
	found = put_matching(stdout, args, count);
	if (found == 0)
		return usage_wrong(args, count);
	output_end();
	return CLIENT_OK;
}

enum client_exit
usage_commands(void)
{
	struct row rows[ROWS_MOST];
	size_t n = list(rows);

	if (output_json)
		return usage_help(NULL, NULL, 0);
	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\n", rows[i].name, rows[i].usage);
	return CLIENT_OK;
}
