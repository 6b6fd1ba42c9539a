#include "conf.h"

#include "conf_parse.h"
#include "conf_text.h"

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
	struct conf_origin *origins; /* or NULL */
	unsigned char *known;  /* for each setting: a file before has it */
	unsigned char *seen;   /* likewise: it stands in this file */
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

/* The place where a name that stands at the wrong one belongs; NULL: none. */
static const struct conf_setting *
find_elsewhere(const struct loader *l, const char *name)
{
	const struct conf_setting *s;

	for (s = l->spec->settings; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* "no such option" gets the nearest name that may stand there. */
static void
fail_unknown(struct loader *l, const cfg_t *cfg, const char *name)
{
	const struct conf_setting *s = l->spec->settings;
	const char *block = cfg == l->root ? NULL : cfg->name;
	const struct conf_setting *other;
	const char **candidates, *near = NULL;
	size_t i, k = 0;

	for (i = 0; s[i].name != NULL; i++)
		;
	candidates = calloc(2 * i + 8, sizeof(*candidates));
	for (i = 0; candidates != NULL && s[i].name != NULL; i++) {
		if (same_block(s[i].block, block))
			candidates[k++] = s[i].name;
		else if (block == NULL)
			candidates[k++] = s[i].block;
	}
	if (candidates != NULL && block == NULL && l->spec->program != NULL)
		for (i = 0; conf_text_programs[i] != NULL; i++)
			candidates[k++] = conf_text_programs[i];
	if (candidates != NULL)
		near = conf_nearest(name, candidates);
	if ((other = find_elsewhere(l, name)) != NULL)
		fail(l, cfg->line, "no such option '%s' %s; it belongs %s%s",
		    name, block == NULL ? "here" : "in this block",
		    other->block == NULL ? "outside of blocks" : "into block ",
		    other->block == NULL ? "" : other->block);
	else if (near != NULL && strcmp(near, name) == 0)
		fail(l, cfg->line, "a part of a part");
	else if (near != NULL)
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

/* Frees what a text or a list holds. */
static void
free_member(const struct conf_setting *s, void *member)
{
	struct conf_list *list = member;

	if (s->kind == CONF_TEXT) {
		free(*(char **)member);
		*(char **)member = NULL;
	} else if (s->kind == CONF_LIST) {
		while (list->count > 0)
			free(list->items[--list->count]);
		free(list->items);
		list->items = NULL;
	}
}

/* This file is the one that counts for the setting; what another said goes. */
static int
note_origin(struct loader *l, ptrdiff_t i, int line)
{
	const struct conf_setting *s = &l->spec->settings[i];

	if (l->known[i])
		free_member(s, l->conf + s->offset);
	l->known[i] = 1;
	if (l->origins == NULL)
		return 0;
	free(l->origins[i].path);
	l->origins[i].path = strdup(l->path);
	l->origins[i].line = line;
	return l->origins[i].path == NULL ? -1 : 0;
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
	if (!l->seen[i] && note_origin(l, i, cfg->line) == -1)
		return fail(l, cfg->line, "out of memory");
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
empty_lists(struct loader *l, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct conf_setting *s = &l->spec->settings[i];

		if (!is_emptied(l, s))
			continue;
		if (l->seen[i])
			return fail(l, 0, "%s stands twice", s->name);
		if (note_origin(l, (ptrdiff_t)i, 0) == -1)
			return fail(l, 0, "out of memory");
	}
	return 0;
}

/* One file of those that make up the conf. */
static int
parse_file(struct loader *l, const struct conf_text *t, size_t count)
{
	int result;

	l->path = t->path;
	memset(l->seen, 0, count);
	memset(l->closed, 0, count);
	if (make_parser(l, count) == NULL)
		return fail(l, 0, "out of memory");
	cfg_set_error_function(l->root, on_error);
	result = cfg_parse_buf(l->root, t->text);
	if (result != CFG_SUCCESS || l->failed)
		result = fail(l, 0, "cannot be parsed");
	else
		result = empty_lists(l, count);
	cfg_free(l->root);
	l->root = NULL;
	return result;
}

static int
parse_all(struct loader *l, size_t count)
{
	struct conf_texts texts;
	int result;

	result = conf_text_read(
	    &texts, l->path, l->spec->program, l->error, l->error_size);
	l->failed = result == -1;
	for (size_t i = 0; i < texts.count && result == 0; i++)
		result = parse_file(l, &texts.items[i], count);
	conf_text_free(&texts);
	return result;
}

static int
load(struct loader *l)
{
	const struct conf_setting *s = l->spec->settings;
	const char *path = l->path;
	size_t i, count = 0;
	int r = 0;

	while (s[count].name != NULL)
		count++;
	l->conf = calloc(1, l->spec->size);
	l->known = calloc(3, count + 1);
	if (l->conf == NULL || l->known == NULL)
		return fail(l, 0, "out of memory");
	l->seen = l->known + count + 1;
	l->closed = l->seen + count + 1;
	if (path != NULL)
		r = parse_all(l, count);
	l->path = path;
	for (i = 0; i < count && r == 0; i++)
		if (!l->known[i])
			r = store_fallback(l, &s[i]);
	return r;
}

void *
conf_load_told(const struct conf_spec *spec, const char *path,
    struct conf_origin *origins, char *error, size_t size)
{
	struct loader l = {.spec = spec,
	    .path = path,
	    .origins = origins,
	    .error = error,
	    .error_size = size};
	void *conf;
	int r;

	loading = &l;
	r = load(&l);
	loading = NULL;
	free(l.known);
	conf = l.conf;
	if (r == -1 && conf != NULL)
		conf_free(spec, &conf);
	return conf;
}

void *
conf_load(
    const struct conf_spec *spec, const char *path, char *error, size_t size)
{
	return conf_load_told(spec, path, NULL, error, size);
}

void
conf_origins_free(const struct conf_spec *spec, struct conf_origin *origins)
{
	for (size_t i = 0; spec->settings[i].name != NULL; i++) {
		free(origins[i].path);
		origins[i].path = NULL;
	}
}

void
conf_free(const struct conf_spec *spec, void **conf)
{
	const struct conf_setting *s;
	unsigned char *octets = *conf;

	if (octets == NULL)
		return;
	for (s = spec->settings; s->name != NULL; s++)
		free_member(s, octets + s->offset);
	free(octets);
	*conf = NULL;
}
