#include "where.h"
#include "conf_scan.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* Behind a string that begins at c; its quotes come in pairs (conf_scan). */
static const char *
past_string(const char *c)
{
	const char quote = *c++;

	while (*c != '\0' && *c != quote)
		c += c[0] == '\\' && c[1] != '\0' ? 2 : 1;
	return *c == '\0' ? c : c + 1;
}

/* Behind a word, a string or a sign. */
static const char *
past_token(const char *c)
{
	size_t length;

	if (*c == '"' || *c == '\'')
		return past_string(c);
	length = strcspn(c, BLANKS "{}=+,;()\"'");
	return c + (length == 0 ? 1 : length);
}

/* The value of "run" outside of all blocks; "" where there is none. */
static void
find_run(const char *text, char *run, size_t size)
{
	const char *c, *end;
	int depth = 0, named = 0, valued = 0;

	run[0] = '\0';
	for (c = text + strspn(text, BLANKS); *c != '\0';
	     c = end + strspn(end, BLANKS)) {
		end = past_token(c);
		if (*c == '{')
			depth++;
		else if (*c == '}')
			depth--;
		if (valued) {
			int quoted = *c == '"' || *c == '\'';

			snprintf(run, size, "%.*s", (int)(end - c) - 2 * quoted,
			    c + quoted);
		}
		valued = named && *c == '=';
		named = depth == 0 && end - c == 3 && strncmp(c, "run", 3) == 0;
	}
}

int
where_find(const char *conf, const char *helper, char *path, size_t size)
{
	char why[256], run[1024] = "";
	char *text;
	int line = 0;

	if (conf != NULL) {
		text = conf_scan_read(conf, &line, why, sizeof(why));
		if (text == NULL) {
			if (line > 0)
				warnx("%s:%d: %s", conf, line, why);
			else
				warnx("%s: %s", conf, why);
			return -1;
		}
		find_run(text, run, sizeof(run));
		free(text);
	}
	snprintf(path, size, "%s/" WHERE_ADMIN "/%s",
	    run[0] == '\0' ? WHERE_RUN : run, helper);
	return 0;
}
