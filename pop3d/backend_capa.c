#include "backend_capa.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What we announce; the first word of its line, and all of it. */
static const struct {
	const char *name, *line;
	unsigned bit;
} announced[] = {
    {"TOP", "TOP", BACKEND_CAPA_TOP},
    {"UIDL", "UIDL", BACKEND_CAPA_UIDL},
    {"RESP-CODES", "RESP-CODES", BACKEND_CAPA_RESP_CODES},
    {"AUTH-RESP-CODE", "AUTH-RESP-CODE", BACKEND_CAPA_AUTH_RESP_CODE},
    {"PIPELINING", "PIPELINING", BACKEND_CAPA_PIPELINING},
    {"EXPIRE", "EXPIRE NEVER", BACKEND_CAPA_EXPIRE_NEVER},
    {"UTF8", "UTF8", BACKEND_CAPA_UTF8},
    {"LANG", "LANG", BACKEND_CAPA_LANG},
};
#define ANNOUNCED (sizeof(announced) / sizeof(announced[0]))

/* Whether one of the words of text is this one. */
static int
has_word(const char *text, const char *word)
{
	size_t length = strlen(word), n;

	for (; *text != '\0'; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (n == length && strncasecmp(text, word, n) == 0)
			return 1;
	}
	return 0;
}

unsigned
backend_capa_read(const char *line)
{
	size_t word = strcspn(line, " ");

	if (word == 4 && strncasecmp(line, "SASL", word) == 0)
		return has_word(line + word, "PLAIN") ? BACKEND_CAPA_PLAIN : 0;
	if (word == 7 && strncasecmp(line, "XCLIENT", word) == 0)
		return BACKEND_CAPA_XCLIENT;
	for (size_t i = 0; i < ANNOUNCED; i++)
		if (strlen(announced[i].name) == word &&
		    strncasecmp(line, announced[i].line,
			strlen(announced[i].line)) == 0)
			return announced[i].bit;
	return 0;
}

int
backend_capa_is_without(const struct conf_list *without, const char *name)
{
	for (size_t i = 0; i < without->count; i++)
		if (strcasecmp(without->items[i], name) == 0)
			return 1;
	return 0;
}

size_t
backend_capa_lacks(
    unsigned has, const struct conf_list *without, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ANNOUNCED && length < size; i++)
		if (!(has & announced[i].bit) &&
		    !backend_capa_is_without(without, announced[i].name))
			length += (size_t)snprintf(text + length, size - length,
			    "%s%s", length > 0 ? " " : "", announced[i].name);
	return length;
}

int
backend_capa_check(const char *value, char *why, size_t size)
{
	const char *names[ANNOUNCED + 1] = {NULL}, *near;

	for (size_t i = 0; i < ANNOUNCED; i++) {
		if (strcasecmp(announced[i].name, value) == 0)
			return 0;
		names[i] = announced[i].name;
	}
	near = conf_nearest(value, names);
	snprintf(why, size,
	    "'%.64s' is none of TOP, UIDL, RESP-CODES, AUTH-RESP-CODE, "
	    "PIPELINING, EXPIRE, UTF8, LANG%s%s%s",
	    value, near == NULL ? "" : "; did you mean '",
	    near == NULL ? "" : near, near == NULL ? "" : "'?");
	return -1;
}
