#include "where.h"
#include "conf_text.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r\n"

static const char *used; /* where_use */

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

/* The value of "run" outside of all blocks; without one, run stays. */
static void
find_run(const char *text, char *run, size_t size)
{
	const char *c, *end;
	int depth = 0, named = 0, valued = 0;

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

void
where_use(const char *socket)
{
	used = socket;
}

int
where_find(const char *conf, const char *helper, char *path, size_t size)
{
	static const char usual[] = WHERE_FOLDER "/helpers.conf";
	char why[1024], run[1024] = "";
	struct conf_texts texts;
	int result = 0;

	if (used != NULL) {
		snprintf(path, size, "%s", used);
		return 0;
	}
	if (conf == NULL && access(usual, F_OK) == 0)
		conf = usual;
	if (conf != NULL) {
		result =
		    conf_text_read(&texts, conf, "helpers", why, sizeof(why));
		if (result == -1)
			warnx("%s", why);
		for (size_t i = 0; i < texts.count; i++)
			find_run(texts.items[i].text, run, sizeof(run));
		conf_text_free(&texts);
	}
	snprintf(path, size, "%s/" WHERE_ADMIN "/%s",
	    run[0] == '\0' ? WHERE_RUN : run, helper);
	return result;
}

enum client_exit
where_connect(const char *conf, const char *helper, int *fd)
{
	char path[4096];

	if (where_find(conf, helper, path, sizeof(path)) == -1)
		return CLIENT_USAGE;
	return client_connect(path, fd);
}

enum client_exit
where_connect_accounts(const char *folder, int *fd)
{
	char conf[4096];

	snprintf(conf, sizeof(conf), "%s/helpers.conf", folder);
	return where_connect(conf, "accounts", fd);
}
