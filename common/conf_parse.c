#include "conf_parse.h"

#include "log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	int64_t factor;
};

static int
parse_units(const char *text, const struct unit *units, int64_t *value)
{
	int64_t n = 0;

	if (*text < '0' || *text > '9')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *text - '0', &n))
			return -1;
	for (; units->name != NULL; units++)
		if (strcmp(text, units->name) == 0)
			return __builtin_mul_overflow(n, units->factor, value)
				   ? -1
				   : 0;
	return -1;
}

int
conf_parse_size(const char *text, int64_t *octets)
{
	static const struct unit units[] = {
	    {"", 1}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}, {NULL, 0}};

	return parse_units(text, units, octets);
}

int
conf_parse_duration(const char *text, int64_t *ns)
{
	static const int64_t second = 1000000000;
	static const struct unit units[] = {{"ms", second / 1000},
	    {"s", second}, {"m", 60 * second}, {"h", 3600 * second},
	    {"d", 86400 * second}, {NULL, 0}};

	return parse_units(text, units, ns);
}

static int
parse_number(const char *text, int64_t *number)
{
	static const struct unit plain[] = {{"", 1}, {NULL, 0}};
	bool negative = *text == '-';

	if (parse_units(text + negative, plain, number) == -1)
		return -1;
	if (negative)
		*number = -*number;
	return 0;
}

static int
parse_quantity(enum conf_kind kind, const char *text, int64_t *value)
{
	if (kind == CONF_SIZE)
		return conf_parse_size(text, value);
	if (kind == CONF_DURATION)
		return conf_parse_duration(text, value);
	return parse_number(text, value);
}

/* How a bound of the program's own table reads. */
static int64_t
bound(const struct conf_setting *s, const char *text)
{
	int64_t value;

	if (parse_quantity(s->kind, text, &value) == -1)
		panic("bound '%s' of setting '%s'", text, s->name);
	return value;
}

static int
convert_quantity(const struct conf_setting *s, int64_t *member,
    const char *text, char *why, size_t size)
{
	int64_t value;

	if (parse_quantity(s->kind, text, &value) == -1) {
		snprintf(why, size, "must be %s, not '%.80s'",
		    s->kind == CONF_SIZE ? "a size like 10240, 64K or 35M"
		    : s->kind == CONF_DURATION
			? "a duration like 500ms, 30s, 5m, 2h or 7d"
			: "a number",
		    text);
		return -1;
	}
	if (s->minimum != NULL && value < bound(s, s->minimum)) {
		snprintf(why, size, "must be at least %s", s->minimum);
		return -1;
	}
	if (s->maximum != NULL && value > bound(s, s->maximum)) {
		snprintf(why, size, "must be at most %s", s->maximum);
		return -1;
	}
	*member = value;
	return 0;
}

static int
convert_bool(int *member, const char *text, char *why, size_t size)
{
	static const char *const words[] = {
	    "no", "yes", "off", "on", "false", "true"};
	int i;

	for (i = 0; i < 6; i++)
		if (strcasecmp(text, words[i]) == 0) {
			*member = i & 1;
			return 0;
		}
	snprintf(why, size, "must be yes or no, not '%.80s'", text);
	return -1;
}

static int
convert_choice(const struct conf_setting *s, int *member, const char *text,
    char *why, size_t size)
{
	const char *near;
	size_t used;
	int i;

	for (i = 0; s->choices[i] != NULL; i++)
		if (strcmp(text, s->choices[i]) == 0) {
			*member = i;
			return 0;
		}
	used = (size_t)snprintf(why, size, "'%.80s' is none of", text);
	for (i = 0; s->choices[i] != NULL && used < size; i++)
		used += (size_t)snprintf(why + used, size - used, "%s %s",
		    i > 0 ? "," : "", s->choices[i]);
	near = conf_nearest(text, s->choices);
	if (near != NULL && used < size)
		snprintf(why + used, size - used, "; did you mean '%s'?", near);
	return -1;
}

static int
append(struct conf_list *list, char *item)
{
	char **items;

	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (items == NULL) {
		free(item);
		return -1;
	}
	list->items = items;
	list->items[list->count++] = item;
	return 0;
}

static int
convert_text(const struct conf_setting *s, void *member, const char *text,
    char *why, size_t size)
{
	char *copy;

	if (s->check != NULL && s->check(text, why, size) == -1)
		return -1;
	copy = strdup(text);
	if (copy != NULL && s->kind == CONF_TEXT)
		*(char **)member = copy;
	else if (copy == NULL || append(member, copy) == -1) {
		snprintf(why, size, "out of memory");
		return -1;
	}
	return 0;
}

int
conf_parse_value(const struct conf_setting *s, void *member, const char *text,
    char *why, size_t size)
{
	switch (s->kind) {
	case CONF_TEXT:
	case CONF_LIST:
		return convert_text(s, member, text, why, size);
	case CONF_BOOL:
		return convert_bool(member, text, why, size);
	case CONF_CHOICE:
		return convert_choice(s, member, text, why, size);
	case CONF_NUMBER:
	case CONF_SIZE:
	case CONF_DURATION:
		return convert_quantity(s, member, text, why, size);
	}
	panic("setting '%s' is of kind %d", s->name, (int)s->kind);
}
