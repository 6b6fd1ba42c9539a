#include "import_command.h"

#include "bulk.h"
#include "bulk_send.h"
#include "near.h"
#include "output.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The formats of each kind; the first is the default. */
static const char *const formats[WIRE_IMPORT_KINDS][4] = {
    [WIRE_IMPORT_DOMAIN] = {"list", "csv"},
    [WIRE_IMPORT_USER] = {"csv", "passwd"},
    [WIRE_IMPORT_ALIAS] = {"csv", "aliases", "virtual"},
};
static const char *const usages[WIRE_IMPORT_KINDS] = {
    "domain import takes: " IMPORT_COMMAND_DOMAIN_USAGE,
    "user import takes: " IMPORT_COMMAND_USER_USAGE,
    "alias import takes: " IMPORT_COMMAND_ALIAS_USAGE};

/* What the command line says. */
struct wanted {
	uint8_t kind, flags;
	const char *format, *file;
	struct bulk_options options;
};

static int
take_format(struct wanted *w, const char *name)
{
	for (int i = 0; formats[w->kind][i] != NULL; i++)
		if (strcmp(formats[w->kind][i], name) == 0) {
			w->format = formats[w->kind][i];
			return 0;
		}
	warnx("there is no format \"%.40s\"%s", name,
	    near_hint(name, formats[w->kind]));
	return -1;
}

/* An option at args[*i], and what belongs to it: 0, or -1. */
static int
take_option(struct wanted *w, char **args, int count, int *i)
{
	const char *option = args[*i];

	if (strcmp(option, "--dry-run") == 0)
		w->flags |= WIRE_IMPORT_DRY;
	else if (strcmp(option, "--replace") == 0 &&
		 w->kind != WIRE_IMPORT_DOMAIN)
		w->flags |= WIRE_IMPORT_REPLACE;
	else if (strcmp(option, "--system") == 0 && w->kind == WIRE_IMPORT_USER)
		w->options.is_system = 1;
	else if (strcmp(option, "--lax") == 0 && w->kind == WIRE_IMPORT_USER)
		w->options.is_lax = 1;
	else if (strcmp(option, "--domain") == 0 && *i + 1 < count &&
		 w->kind != WIRE_IMPORT_DOMAIN)
		w->options.domain = args[++*i];
	else if (strcmp(option, "--format") == 0 && *i + 1 < count)
		return take_format(w, args[++*i]);
	else
		return -1;
	return 0;
}

static int
take_line(struct wanted *w, char **args, int count)
{
	int i;

	w->format = formats[w->kind][0];
	for (i = 0; i < count && args[i][0] == '-' && args[i][1] != '\0'; i++)
		if (take_option(w, args, count, &i) == -1)
			return -1;
	if (i + 1 != count || (w->options.domain != NULL &&
				  strlen(w->options.domain) >= WIRE_NAME_MAX))
		return -1;
	w->file = args[i];
	return 0;
}

static int
read_file(struct bulk *b, const struct wanted *w, FILE *file)
{
	if (strcmp(w->format, "csv") == 0)
		return bulk_read_csv(b, file, w->kind);
	if (strcmp(w->format, "list") == 0)
		return bulk_read_list(b, file);
	if (strcmp(w->format, "passwd") == 0)
		return bulk_read_passwd(b, file);
	if (strcmp(w->format, "aliases") == 0)
		return bulk_read_aliases(b, file);
	return bulk_read_virtual(b, file);
}

static enum client_exit
read_rows(struct bulk *b, const struct wanted *w)
{
	FILE *file = stdin;
	int result;

	if (strcmp(w->file, "-") == 0)
		b->file = "standard input";
	else if ((file = fopen(w->file, "re")) == NULL) {
		warn("%s", w->file);
		return CLIENT_REFUSED;
	}
	result = read_file(b, w, file);
	if (ferror(file)) {
		warnx("%s: it can't be read to its end", b->file);
		result = -1;
	}
	if (file != stdin)
		fclose(file);
	if (b->skipped > 0)
		warnx("%s: %zu fields that have no counterpart here were "
		      "passed over",
		    b->file, b->skipped);
	return result == 0 && b->wrong == 0 ? CLIENT_OK : CLIENT_REFUSED;
}

static void
print_sums(
    const struct wanted *w, const struct bulk_sums *sums, enum client_exit code)
{
	static const char *const names[WIRE_IMPORT_RESULTS] = {
	    "added", "changed", "kept", "refused"};
	int is_dry = (w->flags & WIRE_IMPORT_DRY) != 0;

	if (!output_json)
		printf("%s%zu added, %zu changed, %zu there already, "
		       "%zu refused\n",
		    is_dry ? "would be: " : "", sums->became[WIRE_IMPORT_ADDED],
		    sums->became[WIRE_IMPORT_CHANGED],
		    sums->became[WIRE_IMPORT_KEPT],
		    sums->became[WIRE_IMPORT_REFUSED]);
	output_begin(0);
	output_next();
	output_text("mode", is_dry ? "dry-run" : "import");
	for (int i = 0; i < WIRE_IMPORT_RESULTS; i++)
		output_number(names[i], sums->became[i]);
	if (code == CLIENT_OK)
		output_end();
}

static enum client_exit
import(int fd, struct wanted *w, struct bulk *b)
{
	struct bulk_sums sums;
	enum client_exit code;

	if ((code = read_rows(b, w)) != CLIENT_OK) {
		warnx("%zu lines are wrong: nothing was changed", b->wrong);
		return code;
	}
	code = bulk_send(fd, b, w->flags, &sums);
	if (code == CLIENT_OK || w->flags & WIRE_IMPORT_DRY)
		print_sums(w, &sums, code);
	else if (!sums.is_partly && code == CLIENT_REFUSED)
		warnx("nothing was changed");
	else if (sums.is_partly)
		warnx("%zu were added and %zu changed before that; %srun the "
		      "same command again: what is there already is kept",
		    sums.became[WIRE_IMPORT_ADDED],
		    sums.became[WIRE_IMPORT_CHANGED],
		    code == CLIENT_REFUSED ? "mend the file and " : "");
	return code;
}

static enum client_exit
run(int fd, uint8_t kind, char **args, int count)
{
	struct wanted w = {.kind = kind};
	struct bulk b = {.file = NULL};
	enum client_exit code;

	if (take_line(&w, args, count) == -1) {
		warnx("%s", usages[kind]);
		return CLIENT_USAGE;
	}
	b.file = w.file;
	b.options = w.options;
	code = import(fd, &w, &b);
	bulk_free(&b);
	return code;
}

enum client_exit
import_command_domain(int fd, char **args, int count)
{
	return run(fd, WIRE_IMPORT_DOMAIN, args, count);
}

enum client_exit
import_command_user(int fd, char **args, int count)
{
	return run(fd, WIRE_IMPORT_USER, args, count);
}

enum client_exit
import_command_alias(int fd, char **args, int count)
{
	return run(fd, WIRE_IMPORT_ALIAS, args, count);
}
