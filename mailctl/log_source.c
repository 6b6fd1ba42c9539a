#include "log_source.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 12
/* Pipes that are copied. */
#define HELD_MOST 16

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

/* Runs a program, whose words are only read, with its output in s->file.  What
 * unpacks (in is the file) says nothing: it does not know the name. */
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
	if (in != -1) {
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
		posix_spawn_file_actions_addopen(
		    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	}
	code = posix_spawnp(&s->child, args[0] == NULL ? "" : args[0], &actions,
	    NULL, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < WORDS; i++)
		free(args[i]);
	close(ends[1]);
	if (code != 0) {
		close(ends[0]);
		s->child = 0;
		s->tool = words[0];
		errno = code;
		return -1;
	}
	if ((s->file = fdopen(ends[0], "r")) != NULL) {
		s->tool = in == -1 ? NULL : words[0];
		return 0;
	}
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
log_source_open(struct log_source *s, const char *name, int says)
{
	static const char *const journal[WORDS] = {JOURNALCTL,
	    "_SYSTEMD_UNIT=ringmail-smtpd.service",
	    "_SYSTEMD_UNIT=ringmail-pop3d.service",
	    "_SYSTEMD_UNIT=ringmail-helpers.service",
	    "_SYSTEMD_UNIT=ringmail-resolver.service", NULL};
	const char *const file[WORDS] = {JOURNALCTL, "--file", name, NULL};
	int result;

	*s = (struct log_source){.name = name, .says = says};
	if (strcmp(name, LOG_SOURCE_JOURNAL) == 0)
		result = run(s, journal, -1);
	else if (ends_in(name, LOG_SOURCE_JOURNAL_FILE))
		result = access(name, R_OK) == -1 ? -1 : run(s, file, -1);
	else
		result = open_file(s, name);
	if (result == 0)
		return 0;
	if (says && s->tool != NULL)
		warn("%s can't be read without %s", name, s->tool);
	else if (says)
		warn("%s", name);
	log_source_close(s);
	return -1;
}

char *
log_source_line(struct log_source *s)
{
	size_t length = 0;
	int c;

	while ((c = getc_unlocked(s->file)) != EOF && c != '\n')
		if (c != '\0' && length < sizeof(s->line) - 1)
			s->line[length++] = (char)c;
	s->line[length] = '\0';
	s->is_over = c == EOF;
	return s->is_over && length == 0 ? NULL : s->line;
}

/* Waits for what has unpacked the file; says so where it could not. */
static void
end_child(const struct log_source *s)
{
	int status = 0;

	while (waitpid(s->child, &status, 0) == -1)
		if (errno != EINTR)
			return;
	if (s->says && s->is_over && s->tool != NULL && status != 0)
		warnx("%s: %s can't unpack it, or not to its end: only what "
		      "came before is looked at",
		    s->name, s->tool);
}

void
log_source_close(struct log_source *s)
{
	if (s->file != NULL && s->says && ferror(s->file))
		warnx("%s can't be read to its end", s->name);
	if (s->file != NULL)
		fclose(s->file);
	/* It ends by its broken pipe, if it has not by itself. */
	if (s->child != 0)
		end_child(s);
	s->file = NULL;
	s->child = 0;
}

/* Copies all of it.  0, or -1 with errno. */
static int
copy(int from, FILE *to)
{
	char octets[16384];
	ssize_t n;

	while ((n = read(from, octets, sizeof(octets))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || fwrite(octets, 1, (size_t)n, to) != (size_t)n)
			return -1;
	}
	return fflush(to) == 0 ? 0 : -1;
}

int
log_source_hold(char **name)
{
	static char held[HELD_MOST][32];
	static int count;
	int fd = STDIN_FILENO, result;
	struct stat st;
	FILE *file;

	if (strcmp(*name, "-") != 0 &&
	    (stat(*name, &st) == -1 || !S_ISFIFO(st.st_mode)))
		return 0;
	if (count == HELD_MOST) {
		warnx("more than %d pipes: %s", HELD_MOST, *name);
		return -1;
	}
	if (strcmp(*name, "-") != 0)
		fd = open(*name, O_RDONLY | O_CLOEXEC);
	/* Open as long as the program runs. */
	file = fd == -1 ? NULL : tmpfile();
	result = file == NULL ? -1 : copy(fd, file);
	if (result == -1)
		warn("%s", *name);
	else
		snprintf(held[count], sizeof(held[count]), "/proc/self/fd/%d",
		    fileno(file));
	if (fd > STDIN_FILENO)
		close(fd);
	if (result == 0)
		*name = held[count++];
	else if (file != NULL)
		fclose(file);
	return result;
}
