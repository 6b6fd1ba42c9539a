#include "conf.h"

#include "conf_parse.h"
#include "conf_scan.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	const struct conf_spec *spec;
	unsigned char *conf; /* the program's struct */
	const char *path;
	char *error;
	size_t error_size;
	bool failed;
	cfg_t *root;
	unsigned char *seen;   /* for each setting: it stands in the file */
	unsigned char *closed; /* likewise for the block it begins */
};

/* libConfuse hands its callbacks no pointer of ours. */
static struct loader *loading;

/* Records the first error; line 0: none to name. */
static int __attribute__((format(printf, 3, 4)))
fail(struct loader *l, int line, const char *format, ...)
{
	char text[512];
	va_list args;

	if (l->failed)
		return -1;
	l->failed = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (l->path == NULL)
		snprintf(l->error, l->error_size, "%s", text);
	else if (line == 0)
		snprintf(l->error, l->error_size, "%s: %s", l->path, text);
	else
		snprintf(
		    l->error, l->error_size, "%s:%d: %s", l->path, line, text);
	return -1;
}

/* Checks a value and stores it (a list: appends it). */
static int
store(
    struct loader *l, const struct conf_setting *s, const char *text, int line)
{
	char why[384] = "is not valid";

	if (conf_parse_value(s, l->conf + s->offset, text, why, sizeof(why)) ==
	    -1)
		return fail(l, line, "%s: %s", s->name, why);
	return 0;
}

static void
trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

/* A list's items are split at commas, with the blanks around them left out. */
static int
store_fallback(struct loader *l, const struct conf_setting *s)
{
	const char *item = s->fallback;
	char copy[256];
	size_t length;

	if (item == NULL)
		return 0;
	if (s->kind != CONF_LIST)
		return store(l, s, item, 0);
	for (;;) {
		item += strspn(item, ", ");
		if (*item == '\0')
			return 0;
		length = strcspn(item, ",");
		snprintf(copy, sizeof(copy), "%.*s", (int)length, item);
		trim(copy);
		if (store(l, s, copy, 0) == -1)
			return -1;
		item += length;
	}
}

/* The file, by way of libConfuse. */

static bool
same_block(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The first setting of a block stands for it; a name at the top level: -1. */
static ptrdiff_t
find_block(const struct conf_spec *spec, const char *block)
{
	ptrdiff_t i;

	for (i = 0; spec->settings[i].name != NULL; i++)
		if (spec->settings[i].block != NULL &&
		    strcmp(spec->settings[i].block, block) == 0)
			return i;
	return -1;
}

static ptrdiff_t
find_setting(const struct loader *l, const cfg_t *cfg, const char *name)
{
	const struct conf_setting *s = l->spec->settings;
	const char *block = cfg == l->root ? NULL : cfg->name;
	ptrdiff_t i;

	for (i = 0; s[i].name != NULL; i++)
		if (same_block(s[i].block, block) && !strcmp(s[i].name, name))
			return i;
	return -1;
}

/* "no such option" gets the nearest name that may stand there. */
static void
fail_unknown(struct loader *l, const cfg_t *cfg, const char *name)
{
	const struct conf_setting *s = l->spec->settings;
	const char *block = cfg == l->root ? NULL : cfg->name;
	const char **candidates, *near = NULL;
	size_t i, k = 0;

	for (i = 0; s[i].name != NULL; i++)
		;
	candidates = calloc(2 * i + 1, sizeof(*candidates));
	for (i = 0; candidates != NULL && s[i].name != NULL; i++) {
		if (same_block(s[i].block, block))
			candidates[k++] = s[i].name;
		else if (block == NULL)
			candidates[k++] = s[i].block;
	}
	if (candidates != NULL)
		near = conf_nearest(name, candidates);
	if (near != NULL)
		fail(l, cfg->line, "no such option '%s'; did you mean '%s'?",
		    name, near);
	else
		fail(l, cfg->line, "no such option '%s'", name);
	free(candidates);
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *format, va_list args)
{
	static const char unknown[] = "no such option '";
	char text[256];
	size_t length;

	vsnprintf(text, sizeof(text), format, args);
	length = strlen(text);
	if (strncmp(text, unknown, sizeof(unknown) - 1) != 0) {
		fail(loading, cfg->line, "%s", text);
		return;
	}
	if (text[length - 1] == '\'')
		text[length - 1] = '\0';
	fail_unknown(loading, cfg, text + sizeof(unknown) - 1);
}

/* Called for each value (of a list: for each item) while its line is known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct loader *l = loading;
	ptrdiff_t i = find_setting(l, cfg, opt->name);

	if (i == -1) {
		fail_unknown(l, cfg, opt->name);
		return -1;
	}
	/* A list that is assigned anew counts from its first item again. */
	if (l->seen[i] &&
	    !(l->spec->settings[i].kind == CONF_LIST && opt->nvalues > 1))
		return fail(l, cfg->line, "%s stands twice", opt->name);
	l->seen[i] = 1;
	if (store(l, &l->spec->settings[i], value, cfg->line) == -1)
		return -1;
	*(const char **)result = value;
	return 0;
}

static int
on_block_end(cfg_t *cfg, cfg_opt_t *opt)
{
	ptrdiff_t i = find_block(loading->spec, opt->name);

	if (i == -1 || loading->closed[i])
		return fail(
		    loading, cfg->line, "block %s stands twice", opt->name);
	loading->closed[i] = 1;
	return 0;
}

/* The settings of one block as libConfuse's options. */
static size_t
fill_options(
    cfg_opt_t *row, const struct conf_setting *settings, const char *block)
{
	const struct conf_setting *s;
	size_t n = 0;

	for (s = settings; s->name != NULL; s++)
		if (same_block(s->block, block))
			row[n++] = (cfg_opt_t){.name = s->name,
			    .type = CFGT_STR,
			    .flags = CFGF_NODEFAULT |
				     (s->kind == CONF_LIST ? CFGF_LIST : 0),
			    .parsecb = on_value};
	return n;
}

/* A row for the top level and one for each block; each ends with zeroes. */
static cfg_t *
make_parser(struct loader *l, size_t count)
{
	const struct conf_setting *s = l->spec->settings;
	cfg_opt_t *options, *row;
	size_t i, n;

	if ((options = calloc((count + 1) * (count + 1), sizeof(*row))) == NULL)
		return NULL;
	n = fill_options(options, s, NULL);
	for (i = 0; i < count; i++) {
		if (s[i].block == NULL ||
		    find_block(l->spec, s[i].block) != (ptrdiff_t)i)
			continue;
		row = options + (i + 1) * (count + 1);
		fill_options(row, s, s[i].block);
		options[n++] = (cfg_opt_t){.name = s[i].block,
		    .type = CFGT_SEC,
		    .subopts = row,
		    .validcb = on_block_end};
	}
	l->root = cfg_init(options, CFGF_NONE); /* copies them */
	free(options);
	return l->root;
}

static int
parse_file(struct loader *l, size_t count)
{
	char why[256];
	char *text;
	int r, line;

	if ((text = conf_scan_read(l->path, &line, why, sizeof(why))) == NULL)
		return fail(l, line, "%s", why);
	if (make_parser(l, count) == NULL) {
		free(text);
		return fail(l, 0, "out of memory");
	}
	cfg_set_error_function(l->root, on_error);
	r = cfg_parse_buf(l->root, text);
	free(text);
	return r == CFG_SUCCESS && !l->failed ? 0
					      : fail(l, 0, "cannot be parsed");
}

/* name = {} in the file: a list that is empty on purpose. */
static bool
is_emptied(const struct loader *l, const struct conf_setting *s)
{
	cfg_t *block = l->root;
	cfg_opt_t *opt;

	if (s->kind != CONF_LIST || block == NULL)
		return false;
	if (s->block != NULL && (block = cfg_getsec(block, s->block)) == NULL)
		return false;
	opt = cfg_getopt(block, s->name);
	return opt != NULL && opt->nvalues == 0 &&
	       (opt->flags & CFGF_MODIFIED) != 0;
}

static int
load(struct loader *l)
{
	const struct conf_setting *s = l->spec->settings;
	size_t i, count = 0;
	int r = 0;

	while (s[count].name != NULL)
		count++;
	l->conf = calloc(1, l->spec->size);
	l->seen = calloc(2, count + 1);
	if (l->conf == NULL || l->seen == NULL)
		return fail(l, 0, "out of memory");
	l->closed = l->seen + count + 1;
	if (l->path != NULL)
		r = parse_file(l, count);
	for (i = 0; i < count && r == 0; i++) {
		if (!is_emptied(l, &s[i])) {
			if (!l->seen[i])
				r = store_fallback(l, &s[i]);
		} else if (l->seen[i]) {
			r = fail(l, 0, "%s stands twice", s[i].name);
		}
	}
	return r;
}

void *
conf_load(
    const struct conf_spec *spec, const char *path, char *error, size_t size)
{
	struct loader l = {
	    .spec = spec, .path = path, .error = error, .error_size = size};
	void *conf;
	int r;

	loading = &l;
	r = load(&l);
	loading = NULL;
	if (l.root != NULL)
		cfg_free(l.root);
	free(l.seen);
	conf = l.conf;
	if (r == -1 && conf != NULL)
		conf_free(spec, &conf);
	return conf;
}

void
conf_free(const struct conf_spec *spec, void **conf)
{
	const struct conf_setting *s;
	struct conf_list *list;
	unsigned char *octets = *conf;
	size_t i;

	if (octets == NULL)
		return;
	for (s = spec->settings; s->name != NULL; s++) {
		if (s->kind == CONF_TEXT)
			free(*(char **)(void *)(octets + s->offset));
		if (s->kind != CONF_LIST)
			continue;
		list = (void *)(octets + s->offset);
		for (i = 0; i < list->count; i++)
			free(list->items[i]);
		free(list->items);
	}
	free(octets);
	*conf = NULL;
}
