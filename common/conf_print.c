#include "conf_print.h"

#include "utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A conf with its defaults beside it. */
struct printed {
	const struct conf_spec *spec;
	const unsigned char *now, *preset;
	const struct conf_origin *origins;
	FILE *to;
};

static const char *const kinds[] = {
    "text", "list", "bool", "number", "size", "duration", "choice"};

/* A number in the largest unit that it is a multiple of. */
static void
put_units(FILE *to, int64_t value, bool is_duration)
{
	static const struct unit {
		int64_t factor;
		const char *name;
	} sizes[] = {{1073741824, "G"}, {1048576, "M"}, {1024, "K"}, {1, ""}},
	  times[] = {{86400000000000, "d"}, {3600000000000, "h"},
	      {60000000000, "m"}, {1000000000, "s"}, {1000000, "ms"}};
	const struct unit *u = is_duration ? times : sizes;

	if (value == 0) {
		fputs(is_duration ? "0s" : "0", to);
		return;
	}
	while (value % u->factor != 0)
		u++;
	fprintf(to, "%" PRId64 "%s", value / u->factor, u->name);
}

/* As a string of a conf, which has no other escapes. */
static void
put_quoted(FILE *to, const char *text)
{
	putc('"', to);
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', to);
		putc(*text, to);
	}
	putc('"', to);
}

/* RFC 8259 7; an octet that is no UTF-8 (8.1) becomes U+FFFD. */
static void
put_json(FILE *to, const char *text)
{
	size_t n;

	putc('"', to);
	for (; text != NULL && *text != '\0'; text += n) {
		n = utf8_character(text, strlen(text));
		if (n > 0)
			fwrite(text, 1, n, to);
		else if ((unsigned char)*text > 0x7f)
			fputs("\\ufffd", to);
		else if ((unsigned char)*text < ' ')
			fprintf(to, "\\u%04x", (unsigned)*text);
		else
			fprintf(to, "%s%c", strchr("\"\\", *text) ? "\\" : "",
			    *text);
		n += n == 0;
	}
	putc('"', to);
}

static void
put_text(FILE *to, const char *text, bool json)
{
	(json ? put_json : put_quoted)(to, text);
}

static void
put_list(FILE *to, const struct conf_list *list, bool json)
{
	putc(json ? '[' : '{', to);
	for (size_t i = 0; i < list->count; i++) {
		fputs(i == 0 ? "" : ", ", to);
		put_text(to, list->items[i], json);
	}
	putc(json ? ']' : '}', to);
}

/* As it would be written in a conf, or in JSON. */
static void
put_value(FILE *to, const struct conf_setting *s, const void *member, bool json)
{
	switch (s->kind) {
	case CONF_TEXT:
		put_text(to, *(char *const *)member, json);
		break;
	case CONF_LIST:
		put_list(to, member, json);
		break;
	case CONF_BOOL:
		if (json)
			fputs(*(const int *)member ? "true" : "false", to);
		else
			fputs(*(const int *)member ? "yes" : "no", to);
		break;
	case CONF_CHOICE:
		put_quoted(to, s->choices[*(const int *)member]);
		break;
	case CONF_NUMBER:
		fprintf(to, "%" PRId64, *(const int64_t *)member);
		break;
	case CONF_SIZE:
	case CONF_DURATION:
		fputs(json ? "\"" : "", to);
		put_units(
		    to, *(const int64_t *)member, s->kind == CONF_DURATION);
		fputs(json ? "\"" : "", to);
		break;
	}
}

static bool
same_list(const struct conf_list *a, const struct conf_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool
is_same(const struct conf_setting *s, const void *a, const void *b)
{
	const char *x, *y;

	switch (s->kind) {
	case CONF_TEXT:
		x = *(char *const *)a;
		y = *(char *const *)b;
		return strcmp(x == NULL ? "" : x, y == NULL ? "" : y) == 0;
	case CONF_LIST:
		return same_list(a, b);
	case CONF_BOOL:
	case CONF_CHOICE:
		return *(const int *)a == *(const int *)b;
	default:
		return *(const int64_t *)a == *(const int64_t *)b;
	}
}

static void
put_name(FILE *to, const struct conf_setting *s)
{
	if (s->block != NULL)
		fprintf(to, "%s.", s->block);
	fputs(s->name, to);
}

static void
print_text(const struct printed *p, size_t i, bool all)
{
	const struct conf_setting *s = &p->spec->settings[i];
	bool same = is_same(s, p->now + s->offset, p->preset + s->offset);

	if (same && !all)
		return;
	put_name(p->to, s);
	fputs(" = ", p->to);
	put_value(p->to, s, p->now + s->offset, false);
	if (p->origins[i].path == NULL)
		fputs("\t# default", p->to);
	else if (p->origins[i].line == 0)
		fprintf(p->to, "\t# %s", p->origins[i].path);
	else
		fprintf(
		    p->to, "\t# %s:%d", p->origins[i].path, p->origins[i].line);
	if (!same) {
		fputs(", default ", p->to);
		put_value(p->to, s, p->preset + s->offset, false);
	}
	putc('\n', p->to);
}

static void
print_json(const struct printed *p, size_t i)
{
	const struct conf_setting *s = &p->spec->settings[i];

	fputs(i == 0 ? "\n  \"" : ",\n  \"", p->to);
	put_name(p->to, s);
	fputs("\": {\"value\": ", p->to);
	put_value(p->to, s, p->now + s->offset, true);
	fputs(", \"default\": ", p->to);
	put_value(p->to, s, p->preset + s->offset, true);
	fprintf(p->to, ", \"kind\": \"%s\"", kinds[s->kind]);
	if (s->minimum != NULL)
		fprintf(p->to, ", \"minimum\": \"%s\"", s->minimum);
	if (s->maximum != NULL)
		fprintf(p->to, ", \"maximum\": \"%s\"", s->maximum);
	for (int k = 0; s->kind == CONF_CHOICE && s->choices[k] != NULL; k++)
		fprintf(p->to, "%s\"%s\"", k == 0 ? ", \"choices\": [" : ", ",
		    s->choices[k]);
	fputs(s->kind == CONF_CHOICE ? "]" : "", p->to);
	if (p->origins[i].path != NULL) {
		fputs(", \"file\": ", p->to);
		put_json(p->to, p->origins[i].path);
		fprintf(p->to, ", \"line\": %d", p->origins[i].line);
	}
	putc('}', p->to);
}

static bool
is_named(const struct conf_setting *s, const char *name)
{
	size_t length = s->block == NULL ? 0 : strlen(s->block) + 1;

	return (length == 0 || (strncmp(name, s->block, length - 1) == 0 &&
				   name[length - 1] == '.')) &&
	       strcmp(name + length, s->name) == 0;
}

/* Just its value, without quotes. */
static void
print_one(const struct printed *p, const struct conf_setting *s)
{
	const void *member = p->now + s->offset;
	const struct conf_list *list = member;

	if (s->kind == CONF_TEXT)
		fprintf(p->to, "%s\n",
		    *(char *const *)member == NULL ? ""
						   : *(char *const *)member);
	else if (s->kind == CONF_CHOICE)
		fprintf(p->to, "%s\n", s->choices[*(const int *)member]);
	else if (s->kind == CONF_LIST)
		for (size_t i = 0; i < list->count; i++)
			fprintf(p->to, "%s\n", list->items[i]);
	else {
		put_value(p->to, s, member, false);
		putc('\n', p->to);
	}
}

static int
print(const struct printed *p, const char *what, char *error, size_t size)
{
	const struct conf_setting *s = p->spec->settings;
	bool json = strcmp(what, "json") == 0, all = strcmp(what, "all") == 0;
	size_t i;

	if (!json && !all && strcmp(what, "diff") != 0) {
		for (; s->name != NULL; s++)
			if (is_named(s, what)) {
				print_one(p, s);
				return 0;
			}
		snprintf(error, size, "no such setting: %.80s", what);
		return -1;
	}
	fputs(json ? "{" : "", p->to);
	for (i = 0; s[i].name != NULL; i++)
		if (json)
			print_json(p, i);
		else
			print_text(p, i, all);
	fputs(json ? "\n}\n" : "", p->to);
	return 0;
}

int
conf_print(const struct conf_spec *spec, const char *path, const char *what,
    FILE *to, char *error, size_t size)
{
	struct conf_origin *origins;
	struct printed p = {.spec = spec, .to = to};
	void *now = NULL, *preset = NULL;
	size_t count = 0;
	int result = -1;

	while (spec->settings[count].name != NULL)
		count++;
	if ((origins = calloc(count + 1, sizeof(*origins))) == NULL) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	now = conf_load_told(spec, path, origins, error, size);
	if (now != NULL)
		preset = conf_load(spec, NULL, error, size);
	p.now = now;
	p.preset = preset;
	p.origins = origins;
	if (preset != NULL)
		result = print(&p, what, error, size);
	conf_free(spec, &now);
	conf_free(spec, &preset);
	conf_origins_free(spec, origins);
	free(origins);
	return result;
}
