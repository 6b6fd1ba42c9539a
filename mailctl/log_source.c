#include "log_source.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 12

/* What unpacks files of such a name, which it reads as standard input. */
static const struct unpacker {
	const char *ending;
	const char *words[3];
} unpackers[] = {{".gz", {"gzip", "-dc"}}, {".xz", {"xz", "-dc"}},
    {".zst", {"zstd", "-dcq"}}, {NULL, {NULL}}};

/* Whole lines of the journal, with times that can be compared. */
#define JOURNALCTL \
	"journalctl", "-q", "--no-pager", "--utc", "-o", "short-iso-precise"

static int
ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name), n = strlen(ending);

	return length >= n && strcmp(name + length - n, ending) == 0;
}

static const struct unpacker *
find_unpacker(const char *name)
{
	const struct unpacker *u = unpackers;

	while (u->ending != NULL && !ends_in(name, u->ending))
		u++;
	return u->ending == NULL ? NULL : u;
}

/* Runs a program, whose words are only read, with its output in *file. */
static int
run(struct log_source *s, const char *const *words, int in)
{
	posix_spawn_file_actions_t actions;
	char *args[WORDS + 1] = {NULL};
	int ends[2], code;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	for (int i = 0; i < WORDS && words[i] != NULL; i++)
		args[i] = strdup(words[i]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (in != -1)
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	code = posix_spawnp(&s->child, args[0] == NULL ? "" : args[0], &actions,
	    NULL, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < WORDS; i++)
		free(args[i]);
	close(ends[1]);
	if (code != 0) {
		close(ends[0]);
		s->child = 0;
		errno = code;
		return -1;
	}
	if ((s->file = fdopen(ends[0], "r")) != NULL)
		return 0;
	close(ends[0]); /* it ends then, and is waited for */
	return -1;
}

static int
open_file(struct log_source *s, const char *name)
{
	const struct unpacker *u = find_unpacker(name);
	int fd, result;

	if (u == NULL)
		return (s->file = fopen(name, "re")) == NULL ? -1 : 0;
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	result = run(s, u->words, fd);
	close(fd);
	return result;
}

int
log_source_open(struct log_source *s, const char *name)
{
	static const char *const journal[WORDS] = {JOURNALCTL,
	    "_SYSTEMD_UNIT=ringmail-smtpd.service",
	    "_SYSTEMD_UNIT=ringmail-pop3d.service",
	    "_SYSTEMD_UNIT=ringmail-helpers.service",
	    "_SYSTEMD_UNIT=ringmail-resolver.service", NULL};
	const char *const file[WORDS] = {JOURNALCTL, "--file", name, NULL};
	int result;

	*s = (struct log_source){.file = NULL};
	if (strcmp(name, LOG_SOURCE_JOURNAL) == 0)
		result = run(s, journal, -1);
	else if (ends_in(name, LOG_SOURCE_JOURNAL_FILE))
		result = access(name, R_OK) == -1 ? -1 : run(s, file, -1);
	else
		result = open_file(s, name);
	if (result == -1) {
		warn("%s", name);
		log_source_close(s);
	}
	return result;
}

char *
log_source_line(struct log_source *s)
{
	ssize_t n = getline(&s->line, &s->room, s->file);

	if (n <= 0)
		return NULL;
	s->line[strcspn(s->line, "\n")] = '\0';
	return s->line;
}

void
log_source_close(struct log_source *s)
{
	if (s->file != NULL)
		fclose(s->file);
	/* It ends by its broken pipe, if it has not by itself. */
	while (s->child != 0 && waitpid(s->child, NULL, 0) == -1)
		if (errno != EINTR)
			break;
	free(s->line);
	*s = (struct log_source){.file = NULL};
}
